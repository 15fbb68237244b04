#include "heed/kernels/embedding.h"

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"

namespace heed::reference {

namespace {

void embedding_forward(ExecutionContext&, const EmbeddingForward& p) {
  constexpr const char* name = "embedding_forward";
  const std::int64_t rows = p.y.rows();
  const std::int64_t d = p.y.columns();
  check_vector(name, "ids", p.ids, rows);
  check_matrix(name, "table", p.table, p.table.rows(), d);
  check_ids(name, p.ids.as<std::int32_t>(), rows, p.table.rows());
  if (p.positions.defined()) {
    check_vector(name, "position_ids", p.position_ids, rows);
    check_matrix(name, "positions", p.positions, p.positions.rows(), d);
    check_ids(name, p.position_ids.as<std::int32_t>(), rows, p.positions.rows());
  }
  for_floating_type(name, p.y.dtype, [&](auto type) {
    using T = decltype(type);
    const auto y = matrix<T>(p.y);
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* token = matrix<T>(p.table)[p.ids.as<std::int32_t>()[r]];
      for (std::int64_t c = 0; c < d; ++c) {
        T value = static_cast<T>(p.scale) * token[c];
        if (p.positions.defined()) {
          value += matrix<T>(p.positions)[p.position_ids.as<std::int32_t>()[r]][c];
        }
        y[r][c] = dropped(value, p.dropout, r, c);
      }
    }
  });
}

void embedding_backward(ExecutionContext&, const EmbeddingBackward& p) {
  constexpr const char* name = "embedding_backward";
  const std::int64_t rows = p.dy.rows();
  const std::int64_t d = p.dy.columns();
  if (p.dtable.defined()) {
    check_vector(name, "ids", p.ids, rows);
    check_matrix(name, "dtable", p.dtable, p.dtable.rows(), d);
    check_ids(name, p.ids.as<std::int32_t>(), rows, p.dtable.rows());
  }
  if (p.dpositions.defined()) {
    check_vector(name, "position_ids", p.position_ids, rows);
    check_matrix(name, "dpositions", p.dpositions, p.dpositions.rows(), d);
    check_ids(name, p.position_ids.as<std::int32_t>(), rows, p.dpositions.rows());
  }
  for_floating_type(name, p.dy.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < d; ++c) {
        const T gradient = dropped(matrix<T>(p.dy)[r][c], p.dropout, r, c);
        if (p.dtable.defined()) {
          const std::int32_t id = p.ids.as<std::int32_t>()[r];
          if (id != p.skip_id) {
            matrix<T>(p.dtable)[id][c] += static_cast<T>(p.scale) * gradient;
          }
        }
        if (p.dpositions.defined()) {
          matrix<T>(p.dpositions)[p.position_ids.as<std::int32_t>()[r]][c] += gradient;
        }
      }
    }
  });
}

}  // namespace

void register_embedding() {
  heed::embedding_forward.fill(DeviceKind::reference, &embedding_forward);
  heed::embedding_backward.fill(DeviceKind::reference, &embedding_backward);
}

}  // namespace heed::reference
