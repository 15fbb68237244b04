#include "heed/kernels/embedding.h"

#include <gtest/gtest.h>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

struct EmbeddingSize {
  std::int64_t rows, columns, vocabulary, positions;
};
constexpr EmbeddingSize embeddingSizes[] = {{0, 5, 3, 2},     {1, 1, 1, 1},
                                            {40, 17, 9, 5},   {300, 64, 300, 31},
                                            {129, 130, 2, 1}, {2000, 3, 66000, 64}};

class Embedding : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_embedding();
    reference::register_embedding();
  }
};

TEST_F(Embedding, ForwardMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, vocabulary, positions] : embeddingSizes) {
      for (const double rate : {0.0, 0.2}) {
        for (const bool with_positions : {false, true}) {
          const Tensor table = random_rows(vocabulary, columns, 1);
          const Tensor places = random_rows(positions, columns, 2);
          const Tensor table_wide = wide(table), places_wide = wide(places);
          const Tensor ids = random_ids(rows, vocabulary, 3);
          const Tensor place_ids = random_ids(rows, positions, 4);
          const Tensor y = Tensor::empty({rows, columns});
          const Tensor expected = wide(y);
          EmbeddingForward call{.ids = seen_by(plain, ids),
                                .table = table_wide,
                                .position_ids = seen_by(plain, place_ids),
                                .positions = with_positions ? ConstView(places_wide) : ConstView(),
                                .y = expected,
                                .scale = 3.5f,
                                .dropout = {.rate = static_cast<float>(rate), .key = 2, .site = 1}};
          embedding_forward(plain, call);
          call.ids = ids;
          call.position_ids = place_ids;
          call.table = table;
          call.positions = with_positions ? ConstView(places) : ConstView();
          call.y = y;
          embedding_forward(context, call);
          expect_close(y, expected, 3e-7, 4);
        }
      }
    }
  });
}

TEST_F(Embedding, ReadsTablesInBFloat16) {
  for_each_target([](ExecutionContext& context) {
    for (const auto& [rows, columns, vocabulary, positions] : embeddingSizes) {
      for (const double rate : {0.0, 0.2}) {
        const Tensor rounded = copy_of(random_rows(vocabulary, columns, 1, 3), DType::bfloat16);
        const Tensor table = rounded.to(DType::float32);
        const Tensor places = random_rows(positions, columns, 2);
        const Tensor ids = random_ids(rows, vocabulary, 3);
        const Tensor place_ids = random_ids(rows, positions, 4);
        const Tensor y = Tensor::empty({rows, columns}), expected = Tensor::empty({rows, columns});
        EmbeddingForward call{.ids = ids,
                              .table = table,
                              .position_ids = place_ids,
                              .positions = places,
                              .y = expected,
                              .scale = 3.5f,
                              .dropout = {.rate = static_cast<float>(rate), .key = 2, .site = 1}};
        embedding_forward(context, call);
        call.table = rounded;
        call.y = y;
        embedding_forward(context, call);
        expect_close(y, expected, 0);
      }
    }
  });
}

TEST_F(Embedding, BackwardMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, vocabulary, positions] : embeddingSizes) {
      for (const double rate : {0.0, 0.2}) {
        SCOPED_TRACE(testing::Message() << rows << " x " << columns << " of " << vocabulary);
        const Tensor ids = random_ids(rows, vocabulary, 3);
        const Tensor place_ids = random_ids(rows, positions, 4);
        const Tensor dy = random_rows(rows, columns, 5, 3);
        const Tensor dy_wide = wide(dy);
        const Tensor dtable = random_rows(vocabulary, columns, 6);
        const Tensor dplaces = random_rows(positions, columns, 7);
        const Tensor dtable_wide = wide(dtable), dplaces_wide = wide(dplaces);
        EmbeddingBackward call{.ids = seen_by(plain, ids),
                               .position_ids = seen_by(plain, place_ids),
                               .dy = dy_wide,
                               .dtable = dtable_wide,
                               .dpositions = dplaces_wide,
                               .scale = 2.5f,
                               .skip_id = 1,
                               .dropout = {.rate = static_cast<float>(rate), .key = 2, .site = 1}};
        embedding_backward(plain, call);
        call.ids = ids;
        call.position_ids = place_ids;
        call.dy = dy;
        call.dtable = dtable;
        call.dpositions = dplaces;
        embedding_backward(context, call);
        // The rounding errors of sums of up to `rows` terms.
        const double scale = 4 * std::sqrt(static_cast<double>(rows)) + 1;
        expect_close(dtable, dtable_wide, 1e-6, scale);
        expect_close(dplaces, dplaces_wide, 1e-6, scale);
      }
    }
  });
}

TEST_F(Embedding, SkippedRowsStayUntouched) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor ids = Tensor::from_values<std::int32_t>({0, 2, 0, 1}, {4});
  const Tensor dy = random_rows(4, 20, 1);
  const Tensor dtable = Tensor::zeros({3, 20});
  embedding_backward(context, {.ids = ids, .dy = dy, .dtable = dtable, .skip_id = 0});
  expect_close(dtable.rows(0, 1), Tensor::zeros({1, 20}), 0);
  expect_close(dtable.rows(2, 3), dy.rows(1, 2), 0);
}

TEST_F(Embedding, RefusesIdsOutsideTheTable) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor table = random_rows(3, 8, 1);
  const Tensor y = Tensor::empty({2, 8});
  for (const std::int32_t bad : {-1, 3}) {
    const Tensor ids = Tensor::from_values<std::int32_t>({0, bad}, {2});
    EXPECT_THROW(embedding_forward(context, {.ids = ids, .table = table, .y = y}), Error);
    EXPECT_THROW(embedding_backward(context, {.ids = ids, .dy = y, .dtable = table}), Error);
  }
}

TEST_F(Embedding, SameBitsAtAnyNumberOfThreads) {
  const Tensor ids = random_ids(3000, 50, 3);
  const Tensor dy = random_rows(3000, 100, 5);
  expect_same_bits([&](ExecutionContext& context) {
    const Tensor dtable = Tensor::zeros({50, 100});
    embedding_backward(
        context,
        {.ids = ids, .dy = dy, .dtable = dtable, .dropout = {.rate = 0.1f, .key = 2, .site = 1}});
    return std::vector<Tensor>{dtable};
  });
}

}  // namespace
}  // namespace heed::cpu
