// What attention computes, by hand: masks, scorers, normalizers and terms in small cases.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "heed/backends/reference/register.h"
#include "heed/kernels/test_attention.h"
#include "heed/ops/attention.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

using Numbers = std::vector<double>;

Tensor tensor(const Numbers& values, const Shape& shape) {
  return Tensor::from_values<double>(values, shape, reference_device);
}

class AttentionValues : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static Numbers out_of(const AttentionCase& item) {
    return ops::attention(item.q, item.k, item.v, item.plan(), item.terms).to_doubles();
  }
  static Numbers weights_of(const AttentionCase& item) {
    Tensor weights;
    ops::attention(item.q, item.k, item.v, item.plan(), item.terms, &weights);
    return weights.to_doubles();
  }
  // The weights of one query and one head with the given scores.
  static Numbers weights_of_scores(const Numbers& scores,
                                   const std::function<void(AttentionCase&)>& change) {
    const auto keys = static_cast<int>(scores.size());
    AttentionCase item({{1, keys}}, 1, 1);
    item.q.fill(0);
    item.terms.table_bias = tensor(scores, {1, 1, keys});
    change(item);
    return weights_of(item);
  }
  // For each query a string: 1 where it sees the key.
  static std::vector<std::string> sight_of(const AttentionCase& item) {
    const Numbers weights = weights_of(item);
    const std::int64_t keys = item.plan().keys(0);
    std::vector<std::string> rows;
    for (std::int64_t i = 0; i < item.plan().queries(0); ++i) {
      std::string& row = rows.emplace_back();
      for (std::int64_t j = 0; j < keys; ++j) {
        row += weights[static_cast<std::size_t>(i * keys + j)] != 0 ? '1' : '.';
      }
    }
    return rows;
  }
  static void sparse(AttentionCase& item) {
    item.options.normalizer = AttentionNormalizer::sparsemax;
  }
  static void hard(AttentionCase& item) { item.options.normalizer = AttentionNormalizer::hard; }
};

TEST_F(AttentionValues, Masks) {
  using Rows = std::vector<std::string>;
  const auto sight = [&](int queries, const std::function<void(AttentionCase&)>& change) {
    AttentionCase item({{queries, 5}}, 1, 1);
    change(item);
    return sight_of(item);
  };
  using Case = AttentionCase;
  EXPECT_EQ(sight(5, [](Case& c) { c.options.causal = true; }),
            (Rows{"1....", "11...", "111..", "1111.", "11111"}));
  EXPECT_EQ(sight(2, [](Case& c) { c.options.causal = true; }), (Rows{"1111.", "11111"}));
  EXPECT_EQ(sight(5,
                  [](Case& c) {
                    c.options.reach_back = 1;
                    c.options.reach_ahead = 2;
                  }),
            (Rows{"111..", "1111.", ".1111", "..111", "...11"}));
  EXPECT_EQ(sight(5,
                  [](Case& c) {
                    c.options.causal = true;
                    c.options.reach_back = 4;
                    c.options.dilation = 2;
                  }),
            (Rows{"1....", ".1...", "1.1..", ".1.1.", "1.1.1"}));
  EXPECT_EQ(sight(5, [](Case& c) { c.options.dilation = 3; }),
            (Rows{"1..1.", ".1..1", "..1..", "1..1.", ".1..1"}));
  EXPECT_EQ(sight(5, [](Case& c) { c.options.block = 2; }),
            (Rows{"11...", "11...", "..11.", "..11.", "....1"}));
  EXPECT_EQ(sight(5,
                  [](Case& c) {
                    c.options.block = 2;
                    c.options.block_shift = 1;
                  }),
            (Rows{"1....", ".11..", ".11..", "...11", "...11"}));
  EXPECT_EQ(sight(5,
                  [](Case& c) {
                    c.options.causal = true;
                    c.prefix = {2};
                  }),
            (Rows{"11...", "11...", "111..", "1111.", "11111"}));
  EXPECT_EQ(sight(4,
                  [](Case& c) {
                    c.options.causal = true;
                    c.options.reach_back = 1;  // also limits what is seen of the prefix
                    c.prefix = {3};
                    c.query_starts = {1};
                  }),
            (Rows{"111..", ".11..", "..11.", "...11"}));
  EXPECT_EQ(sight(3,
                  [](Case& c) {
                    c.query_segments = {0, 1, 2};
                    c.key_segments = {1, 0, 1, 1, 0};
                  }),
            (Rows{".1..1", "1.11.", "....."}));
}

TEST_F(AttentionValues, SparsemaxOfKnownVectors) {
  expect_near(weights_of_scores({1, 0.5, -1}, sparse), {0.75, 0.25, 0});
  expect_near(weights_of_scores({0, 3, 1}, sparse), {0, 1, 0});
  expect_near(weights_of_scores({0.1, 0.3, 0.2}, sparse), {0.7 / 3, 1.3 / 3, 1.0 / 3});
  expect_near(weights_of_scores({100.25, 100, 100.5}, sparse), {1.0 / 3, 0.25 / 3, 1.75 / 3});
  const double infinity = std::numeric_limits<double>::infinity();
  expect_near(weights_of_scores({-infinity, 1, 1}, sparse), {0, 0.5, 0.5});
  expect_near(weights_of_scores({-infinity, -infinity}, sparse), {0, 0});
}

TEST_F(AttentionValues, HardPicksTheFirstOfTheLargest) {
  expect_near(weights_of_scores({1, 3, 2, 3}, hard), {0, 1, 0, 0});
  expect_near(weights_of_scores({-5}, hard), {1});
  AttentionCase item({{3, 4}}, 2, 2);
  hard(item);
  const Numbers weights = weights_of(item);
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_EQ(std::accumulate(&weights[row * 4], &weights[row * 4] + 4, 0.0), 1);
  }
}

TEST_F(AttentionValues, EqualScoresGiveTheMean) {
  for (const auto normalizer : {AttentionNormalizer::softmax, AttentionNormalizer::sparsemax}) {
    AttentionCase item({{1, 4}}, 1, 1);
    item.q.fill(0);
    item.options.normalizer = normalizer;
    item.v = tensor({1, 10, 2, 20, 3, 30, 6, 60}, {4, 2});
    expect_near(out_of(item), {3, 30});
  }
}

TEST_F(AttentionValues, NanAmongScoresShows) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto normalizer :
       {AttentionNormalizer::softmax, AttentionNormalizer::sparsemax, AttentionNormalizer::hard}) {
    for (const double weight : weights_of_scores(
             {1, nan, 2}, [&](AttentionCase& c) { c.options.normalizer = normalizer; })) {
      EXPECT_TRUE(std::isnan(weight));
    }
  }
}

TEST_F(AttentionValues, GumbelDrawsFromTheSoftmax) {
  constexpr int draws = 6000;
  AttentionCase item({{draws, 3}}, 1, 1);
  hard(item);
  item.options.gumbel = true;
  item.options.gumbel_stream.key = 8;
  item.k = tensor({std::log(0.2), std::log(0.5), std::log(0.3)}, {3, 1});
  item.q = Tensor::empty({draws, 1}, DType::float64, reference_device);
  item.q.fill(1);
  item.options.scale = 1;
  const Numbers weights = weights_of(item);
  Numbers counts(3);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    counts[i % 3] += weights[i];
  }
  expect_near(counts, {0.2 * draws, 0.5 * draws, 0.3 * draws}, 150);  // four deviations
}

TEST_F(AttentionValues, ScorersByTheirFormulas) {
  AttentionCase item({{1, 2}}, 1, 1);
  item.q = tensor({1, -2}, {1, 2});
  item.k = tensor({0, 1, 2, -1}, {2, 2});
  item.options.scale = 0.5f;
  const auto expect_scores = [&](double first, double second) {
    const double weight = 1 / (1 + std::exp(second - first));
    expect_near(weights_of(item), {weight, 1 - weight});
  };
  expect_scores(0.5 * -2, 0.5 * 4);
  item.options.scorer = AttentionScorer::gaussian;
  expect_scores(0.5 * -(1 + 9) / 2, 0.5 * -(1 + 1) / 2.0);
  item.options.scorer = AttentionScorer::additive;
  item.terms.additive = tensor({3, 0.25}, {1, 2});
  const double first = 3 * std::tanh(1) + 0.25 * std::tanh(-1);
  const double second = 3 * std::tanh(3) + 0.25 * std::tanh(-3);
  expect_scores(first, second);
  item.options.soft_cap = 2;
  expect_scores(2 * std::tanh(first / 2), 2 * std::tanh(second / 2));
}

TEST_F(AttentionValues, BiasesAndVectorsByTheirFormulas) {
  AttentionCase item({{1, 3}}, 1, 1);
  item.query_starts = {1};  // distances -1, 0, 1
  item.q = tensor({2}, {1, 1});
  item.k = tensor({1, 0, -1}, {3, 1});
  item.v = tensor({1, 2, 4}, {3, 1});
  item.options.scale = 0.5f;
  item.terms.distance_bias = tensor({0.1, 0.2, 0.3}, {1, 3});
  item.terms.table_bias = tensor({1, 2, 3}, {1, 1, 3});
  item.terms.key_vectors = tensor({9, 5, 6, 7, 9}, {5, 1});  // distances -2 … 2
  item.terms.value_vectors = tensor({100}, {1, 1});          // any distance
  const Numbers scores{1 + 0.1 + 1 + 5, 0.2 + 2 + 6, -1 + 0.3 + 3 + 7};
  double sum = 0, out = 0;
  for (std::size_t j = 0; j < 3; ++j) {
    sum += std::exp(scores[j]);
    out += std::exp(scores[j]) * (item.v.to_doubles()[j] + 100);
  }
  expect_near(out_of(item), {out / sum});
}

TEST_F(AttentionValues, SinksTakeTheirShare) {
  const auto with_sink = [](AttentionCase& item) { item.terms.sinks = tensor({2}, {1, 1}); };
  const double sum = std::exp(1) + std::exp(0) + std::exp(2);
  expect_near(weights_of_scores({1, 0}, with_sink), {std::exp(1) / sum, 1 / sum});
  const auto sparse_with_sink = [&](AttentionCase& item) {
    with_sink(item);
    sparse(item);
  };
  expect_near(weights_of_scores({1.5, 0}, sparse_with_sink), {0.25, 0});
}

TEST_F(AttentionValues, WeightsSumToOne) {
  for (std::uint64_t number = 0; number < 40; ++number) {
    AttentionCase item = random_attention_case(number, true);
    item.terms.sinks = Tensor();
    item.terms.mix_weights = Tensor();
    const Numbers weights = weights_of(item);
    const auto keys = static_cast<std::size_t>(item.plan().keys(0));
    for (std::size_t row = 0; row < weights.size(); row += keys) {
      const auto* first = &weights[row];
      const double sum = std::accumulate(first, first + keys, 0.0);
      const auto i = static_cast<std::int64_t>(row / keys) % item.plan().queries(0);
      for (std::size_t j = 0; j < keys; ++j) {
        if (!item.plan().sees(0, i, static_cast<std::int64_t>(j))) {
          EXPECT_EQ(first[j], 0);
        }
      }
      EXPECT_NEAR(sum, 1, 1e-12) << number;  // every query sees itself
    }
  }
}

TEST_F(AttentionValues, TalkingHeads) {
  AttentionCase item({{3, 5}}, 2, 2);
  const Numbers plain = out_of(item);
  item.terms.mix_scores = tensor({1, 0, 0, 1}, {2, 2});
  item.terms.mix_weights = item.terms.mix_scores;
  expect_near(out_of(item), plain);
  // Each head takes the other's weights.
  AttentionCase swapped({{3, 5}}, 2, 2);
  const Numbers weights = weights_of(swapped);
  swapped.terms.mix_weights = tensor({0, 1, 1, 0}, {2, 2});
  Numbers expected(weights.begin() + 15, weights.end());
  expected.insert(expected.end(), weights.begin(), weights.begin() + 15);
  expect_near(weights_of(swapped), expected);
}

// With open gates, contextual positions count the keys up to the query.
TEST_F(AttentionValues, ContextualPositionsWithOpenGatesAreDistances) {
  AttentionCase item({{6, 6}}, 1, 1);
  item.options.causal = true;
  item.options.scale = 1;
  item.q.fill(5);
  item.k.fill(5);
  const Numbers table{9, 0.1, 0.4, -0.2, 0.7};  // position 0 is never reached
  Numbers vectors;
  for (const double value : table) {
    vectors.insert(vectors.end(), {value / 5, 0, 0});
  }
  item.terms.contextual = tensor(vectors, {5, 3});
  const Numbers contextual = weights_of(item);
  item.terms.contextual = Tensor();
  // Distance -t is position t + 1, at most 4: columns from -3 to 3.
  item.terms.distance_bias = tensor({0.7, -0.2, 0.4, 0.1, 0, 0, 0}, {1, 7});
  expect_near(contextual, weights_of(item));
}

TEST_F(AttentionValues, KeysOutOfSightDoNotLeak) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    AttentionCase item = random_attention_case(number, true);
    for (const Tensor& x : {item.k, item.v}) {
      x.rows(5, 6).fill(std::numeric_limits<double>::quiet_NaN());
    }
    const Tensor out = ops::attention(item.q, item.k, item.v, item.plan(), item.terms);
    for (const double value : out.rows(0, 5).to_doubles()) {
      EXPECT_FALSE(std::isnan(value)) << number;
    }
  }
}

// A query that sees nothing gives 0 whatever is asked for, and takes no gradient.
TEST_F(AttentionValues, NothingSeenGivesZero) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    AttentionCase item = random_attention_case(number, false);
    item.query_segments.assign(static_cast<std::size_t>(item.q.size(0)), 1);
    item.key_segments.assign(static_cast<std::size_t>(item.k.size(0)), 2);
    for (const Tensor& leaf : item.leaves()) {
      require_gradient(leaf);
    }
    const Tensor out = ops::attention(item.q, item.k, item.v, item.plan(), item.terms);
    const Tensor dout = out.clone();
    dout.fill(1);
    backward(out, dout);
    std::vector<Tensor> zeros{out};
    for (const Tensor& leaf : item.leaves()) {
      zeros.push_back(gradient_of(leaf));
    }
    for (const Tensor& tensor : zeros) {
      for (const double value : tensor.to_doubles()) {
        EXPECT_EQ(value, 0);
      }
    }
  }
}

// Every query as a step over a cache whose slots lie in another order, for every kind.
TEST_F(AttentionValues, CachedStepIsARowOfTheWhole) {
  for (std::uint64_t number = 0; number < 60; ++number) {
    SCOPED_TRACE(number);
    AttentionCase item = random_attention_case(number, true);
    if (number % 5 == 0) {
      hard(item);
      item.options.gumbel = number % 2 == 0;
    }
    const Tensor whole = ops::attention(item.q, item.k, item.v, item.plan(), item.terms);
    const Tensor keys = item.k.clone();
    const Tensor values = item.v.clone();
    std::vector<std::int32_t> slots{2, 5, 0, 1, 4, 3}, begin(6), end, positions;
    for (std::int32_t j = 0; j < 6; ++j) {
      const std::int32_t slot = slots[static_cast<std::size_t>(j)];
      keys.rows(slot, slot + 1).copy_from(item.k.rows(j, j + 1));
      values.rows(slot, slot + 1).copy_from(item.v.rows(j, j + 1));
      end.push_back(j + 1);
      positions.push_back(j);
    }
    const Tensor out = whole.clone();
    out.fill(0);
    AttentionTerms<ConstView> terms;
    visit_terms(
        [](const char*, const Tensor& term, ConstView& view) {
          view = term.defined() ? ConstView(term.view()) : ConstView();
        },
        item.terms, terms);
    ExecutionContext context = context_for(reference_device);
    cached_attention(context, {.plan = item.options,
                               .q = item.q,
                               .keys = keys,
                               .values = values,
                               .terms = terms,
                               .slots = slots,
                               .begin = begin,
                               .end = end,
                               .positions = positions,
                               .out = out});
    EXPECT_EQ(out.to_doubles(), whole.to_doubles());
  }
}

}  // namespace
}  // namespace heed
