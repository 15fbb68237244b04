#include "heed/kernels/embedding.h"

#include <bit>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/embedding.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/bfloat16-inl.h"
#include "heed/backends/cpu/simd/dropout-inl.h"
#include "heed/backends/cpu/simd/math-inl.h"

#ifndef HEED_BACKENDS_CPU_EMBEDDING_OPERANDS_
#define HEED_BACKENDS_CPU_EMBEDDING_OPERANDS_
namespace heed::cpu {
namespace {

struct LookupOperands {
  ConstRows table;
  RowsOf<const BFloat16> rounded_table;  // in its place
  ConstRows positions;
  Rows y;
  const std::int32_t* ids = nullptr;
  const std::int32_t* position_ids = nullptr;
  std::size_t columns = 0;
  float scale = 1;
  const DropoutStream* stream = nullptr;
};

// One row of the gradient and the row of the table to which it belongs.
struct Occurrence {
  std::int32_t id;
  std::int32_t row;
};

struct ScatterOperands {
  ConstRows dy;
  Rows table;
  std::size_t columns;
  float scale;
  const DropoutStream* stream;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

template <bool kDropout, bool kRounded>
void look_up_rows_of(const LookupOperands& p, std::int64_t begin, std::int64_t end) {
  const FloatTag d;
  const auto scale = hn::Set(d, p.scale);
  DropoutMask mask(*p.stream);
  for (std::int64_t r = begin; r < end; ++r) {
    const float* position = p.positions.defined() ? p.positions[p.position_ids[r]] : nullptr;
    const float* token = kRounded ? nullptr : p.table[p.ids[r]];
    const BFloat16* rounded_token = kRounded ? p.rounded_table[p.ids[r]] : nullptr;
    float* y = p.y[r];
    if constexpr (kDropout) {
      mask.start_row(p.stream->row_key(r));
    }
    for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
      const std::size_t offset = c % DropoutMask::group_columns;
      if (kDropout && offset == 0) {
        mask.draw(c / DropoutMask::group_columns);
      }
      auto v = hn::Mul(scale, kRounded ? load(d, rounded_token + c, n) : load(d, token + c, n));
      if (position != nullptr) {
        v = hn::Add(v, load(d, position + c, n));
      }
      store(d, kDropout ? mask.apply(d, v, offset) : v, y + c, n);
    });
  }
}

void look_up_rows(const LookupOperands& p, std::int64_t begin, std::int64_t end) {
  if (p.rounded_table.defined()) {
    p.stream->active() ? look_up_rows_of<true, true>(p, begin, end)
                       : look_up_rows_of<false, true>(p, begin, end);
  } else {
    p.stream->active() ? look_up_rows_of<true, false>(p, begin, end)
                       : look_up_rows_of<false, false>(p, begin, end);
  }
}

template <bool kDropout>
void add_occurrences_of(const ScatterOperands& p, const Occurrence* begin, const Occurrence* end) {
  const FloatTag d;
  const auto scale = hn::Set(d, p.scale);
  DropoutMask mask(*p.stream);
  for (const Occurrence* at = begin; at != end; ++at) {
    const float* dy = p.dy[at->row];
    float* sum = p.table[at->id];
    if constexpr (kDropout) {
      mask.start_row(p.stream->row_key(at->row));
    }
    for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
      const std::size_t offset = c % DropoutMask::group_columns;
      if (kDropout && offset == 0) {
        mask.draw(c / DropoutMask::group_columns);
      }
      const auto gradient = load(d, dy + c, n);
      const auto kept = kDropout ? mask.apply(d, gradient, offset) : gradient;
      store(d, hn::MulAdd(scale, kept, load(d, sum + c, n)), sum + c, n);
    });
  }
}

void add_occurrences(const ScatterOperands& p, const Occurrence* begin, const Occurrence* end) {
  p.stream->active() ? add_occurrences_of<true>(p, begin, end)
                     : add_occurrences_of<false>(p, begin, end);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(look_up_rows);
HWY_EXPORT(add_occurrences);

void embedding_forward(ExecutionContext& context, const EmbeddingForward& p) {
  constexpr const char* name = "embedding_forward";
  const std::int64_t rows = p.y.rows();
  const std::int64_t d = p.y.columns();
  check_vector(name, "ids", p.ids, rows);
  check_matrix(name, "table", p.table, p.table.rows(), d);
  LookupOperands operands{.y = rows_of(p.y),
                          .ids = p.ids.as<std::int32_t>(),
                          .columns = static_cast<std::size_t>(d),
                          .scale = p.scale,
                          .stream = &p.dropout};
  if (p.table.dtype == DType::bfloat16) {
    operands.rounded_table = {p.table.as<BFloat16>(), p.table.row_stride()};
  } else {
    operands.table = rows_of(p.table);
  }
  check_ids(name, operands.ids, rows, p.table.rows());
  if (p.positions.defined()) {
    check_vector(name, "position_ids", p.position_ids, rows);
    check_matrix(name, "positions", p.positions, p.positions.rows(), d);
    operands.positions = rows_of(p.positions);
    operands.position_ids = p.position_ids.as<std::int32_t>();
    check_ids(name, operands.position_ids, rows, p.positions.rows());
  }
  run_rows(context, rows, d, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(look_up_rows)(operands, begin, end);
  });
}

// The rows by id, those of one id in their order (radix sort from the low digits up).
std::vector<Occurrence> sorted_by_id(const std::int32_t* ids, std::int64_t rows,
                                     std::int64_t table_rows, std::int32_t skip_id) {
  constexpr int digit_bits = 8;
  constexpr std::size_t digits = std::size_t{1} << digit_bits;
  std::vector<Occurrence> sorted;
  sorted.reserve(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r) {
    if (ids[r] != skip_id) {
      sorted.push_back({ids[r], static_cast<std::int32_t>(r)});
    }
  }
  std::vector<Occurrence> other(sorted.size());
  const int bits = std::bit_width(static_cast<std::uint64_t>(table_rows));
  for (int shift = 0; shift < bits; shift += digit_bits) {
    const auto digit = [shift](const Occurrence& at) {
      return static_cast<std::size_t>(at.id) >> shift & (digits - 1);
    };
    std::array<std::size_t, digits + 1> starts{};
    for (const Occurrence& at : sorted) {
      ++starts[digit(at) + 1];
    }
    for (std::size_t i = 1; i <= digits; ++i) {
      starts[i] += starts[i - 1];
    }
    for (const Occurrence& at : sorted) {
      other[starts[digit(at)]++] = at;
    }
    sorted.swap(other);
  }
  return sorted;
}

// Adds every occurrence to its row of the table. A tile takes the ids whose first occurrence lies
// in its stretch, so no two tiles write the same row.
void scatter(ExecutionContext& context, const ScatterOperands& operands,
             const std::vector<Occurrence>& sorted) {
  constexpr std::size_t stretch = 32;
  const std::size_t size = sorted.size();
  const auto first_of_id = [&](std::size_t at) {
    while (at > 0 && at < size && sorted[at].id == sorted[at - 1].id) {
      ++at;
    }
    return std::min(at, size);
  };
  run_tiles(context, static_cast<std::int64_t>((size + stretch - 1) / stretch),
            static_cast<std::int64_t>(size * operands.columns), [&](std::int64_t tile) {
              const std::size_t begin = first_of_id(static_cast<std::size_t>(tile) * stretch);
              const std::size_t end = first_of_id(static_cast<std::size_t>(tile + 1) * stretch);
              if (begin < end) {
                HWY_DYNAMIC_DISPATCH(add_occurrences)
                (operands, sorted.data() + begin, sorted.data() + end);
              }
            });
}

void embedding_backward(ExecutionContext& context, const EmbeddingBackward& p) {
  constexpr const char* name = "embedding_backward";
  const std::int64_t rows = p.dy.rows();
  const std::int64_t d = p.dy.columns();
  ScatterOperands operands{rows_of(p.dy), {}, static_cast<std::size_t>(d), p.scale, &p.dropout};
  if (p.dtable.defined()) {
    check_vector(name, "ids", p.ids, rows);
    check_matrix(name, "dtable", p.dtable, p.dtable.rows(), d);
    const std::int32_t* ids = p.ids.as<std::int32_t>();
    check_ids(name, ids, rows, p.dtable.rows());
    operands.table = rows_of(p.dtable);
    scatter(context, operands, sorted_by_id(ids, rows, p.dtable.rows(), p.skip_id));
  }
  if (p.dpositions.defined()) {
    check_vector(name, "position_ids", p.position_ids, rows);
    check_matrix(name, "dpositions", p.dpositions, p.dpositions.rows(), d);
    const std::int32_t* ids = p.position_ids.as<std::int32_t>();
    check_ids(name, ids, rows, p.dpositions.rows());
    operands.table = rows_of(p.dpositions);
    operands.scale = 1;
    scatter(context, operands, sorted_by_id(ids, rows, p.dpositions.rows(), -1));
  }
}

}  // namespace

void register_embedding() {
  heed::embedding_forward.fill(DeviceKind::cpu, &embedding_forward);
  heed::embedding_backward.fill(DeviceKind::cpu, &embedding_backward);
}

}  // namespace heed::cpu
#endif
