// Gradients of attention against central differences in float64 on the reference backend: every
// scorer, normalizer, mask and term, alone and in random combinations.
#include "heed/ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/reference/register.h"
#include "heed/kernels/test_attention.h"
#include "heed/ops/elementwise.h"
#include "heed/tensor/test_close.h"

namespace heed {
namespace {

class Attention : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static Tensor run(const AttentionCase& item, Tensor* weights = nullptr) {
    return ops::attention(item.q, item.k, item.v, item.plan(), item.terms, weights);
  }
  // A scalar that depends on every element differently.
  static Tensor weighted_sum(const Tensor& y) {
    return ops::sum(ops::multiply(y, AttentionCase({}, 1, 1, 99).normal(y.shape())));
  }
  static void expect_gradients(const AttentionCase& item, bool some_without_effect = false) {
    const GradientCheck check =
        check_gradients(item.leaves(), [&] { return weighted_sum(run(item)); },
                        {.some_without_effect = some_without_effect});
    EXPECT_LT(check.worst, 1e-7) << check.report;
  }
  static std::vector<std::vector<double>> gradients(const AttentionCase& item) {
    const std::vector<Tensor> leaves = item.leaves();
    for (const Tensor& leaf : leaves) {
      require_gradient(leaf);
    }
    backward(weighted_sum(run(item)));
    std::vector<std::vector<double>> result;
    for (const Tensor& leaf : leaves) {
      result.push_back(gradient_of(leaf).to_doubles());
    }
    return result;
  }

  // Self-attention of grouped heads with an empty sequence between.
  static AttentionCase self_attention() {
    AttentionCase item({{5, 5}, {0, 0}, {4, 4}}, 4, 2);
    item.options.causal = true;
    return item;
  }
  // Keys of another length; one table bias fits all.
  static AttentionCase cross_attention(int heads = 2) {
    return AttentionCase({{3, 5}, {3, 5}}, heads, 1);
  }
};

TEST_F(Attention, PlainWithAndWithoutDropout) {
  for (const bool causal : {false, true}) {
    for (const float rate : {0.0f, 0.4f}) {
      AttentionCase item({{2, 4}, {0, 0}, {3, 3}, {2, 0}, {4, 2}}, 4, 2);
      item.options.causal = causal;
      item.options.dropout = {.rate = rate, .key = 77, .site = 3};
      expect_gradients(item);
    }
  }
}

TEST_F(Attention, Scorers) {
  for (AttentionCase item : {self_attention(), cross_attention()}) {
    item.options.scorer = AttentionScorer::gaussian;
    expect_gradients(item);
    item.make_additive();
    expect_gradients(item);
  }
}

TEST_F(Attention, Normalizers) {
  for (AttentionCase item : {self_attention(), cross_attention()}) {
    item.options.soft_cap = 0.8f;
    expect_gradients(item);
    item.options.normalizer = AttentionNormalizer::sparsemax;
    expect_gradients(item);
    item.add_sinks();
    expect_gradients(item);
    item.options.normalizer = AttentionNormalizer::softmax;
    expect_gradients(item);
  }
}

TEST_F(Attention, BiasesAndVectorsByDistance) {
  for (const bool per_head : {false, true}) {
    for (AttentionCase item : {self_attention(), cross_attention(3)}) {
      item.add_distance_bias(2);
      item.add_vectors(1, 3, per_head);
      item.options.dropout.rate = per_head ? 0.3f : 0;
      expect_gradients(item);
    }
  }
  AttentionCase item = cross_attention();
  item.add_table_bias();
  expect_gradients(item);
}

TEST_F(Attention, TalkingHeads) {
  for (AttentionCase item : {self_attention(), cross_attention()}) {
    item.add_mixing();
    expect_gradients(item);
    item.terms.mix_weights = Tensor();
    item.options.soft_cap = 1;
    expect_gradients(item);
  }
}

TEST_F(Attention, ContextualPositions) {
  for (const int positions : {1, 2, 9}) {
    for (AttentionCase item : {self_attention(), cross_attention()}) {
      // A single position is the same term for all keys, which softmax cancels.
      const bool cancels = positions == 1;
      item.add_contextual(positions);
      expect_gradients(item, cancels);
      item.options.scorer = AttentionScorer::gaussian;
      expect_gradients(item, cancels);
      item.make_additive();
      expect_gradients(item, cancels);
    }
  }
}

TEST_F(Attention, Masks) {
  const auto expect_masked = [&](const std::function<void(AttentionCase&)>& change) {
    for (AttentionCase item : {self_attention(), cross_attention()}) {
      change(item);
      item.add_distance_bias(2);
      expect_gradients(item);
    }
  };
  expect_masked([](AttentionCase& item) { item.options.reach_back = 1; });
  expect_masked([](AttentionCase& item) { item.options.reach_ahead = 1; });
  expect_masked([](AttentionCase& item) { item.options.dilation = 2; });
  expect_masked([](AttentionCase& item) { item.options.block = 2; });
  expect_masked([](AttentionCase& item) {
    item.options.block = 2;
    item.options.block_shift = 1;
  });
  expect_masked([](AttentionCase& item) { item.draw_segments(); });
  expect_masked([](AttentionCase& item) {
    item.options.causal = true;
    item.prefix.assign(item.query_offsets.size() - 1, 2);
    item.query_starts.assign(item.query_offsets.size() - 1, 1);
  });
}

TEST_F(Attention, RandomCombinations) {
  for (std::uint64_t number = 0; number < 60; ++number) {
    SCOPED_TRACE(number);
    // By chance a bias is the same for all keys, or queries see one key each.
    expect_gradients(random_attention_case(number, false), true);
  }
}

// The surrogate gradient: that of softmax((score + noise) / temperature), with the noise, which
// the test draws by the definition, as a table bias.
TEST_F(Attention, HardGradientIsThatOfItsSoftmax) {
  for (const bool gumbel : {false, true}) {
    AttentionCase hard = cross_attention();
    hard.options.normalizer = AttentionNormalizer::hard;
    hard.options.temperature = 0.5f;
    hard.options.gumbel = gumbel;
    const std::vector<std::uint64_t> row_keys{3, 1, 4, 3, 1, 4};  // both sequences draw alike
    hard.options.gumbel_stream = {.key = 5, .site = 6, .row_keys = row_keys.data()};

    AttentionCase soft = cross_attention();
    soft.options.scale = hard.options.scale / hard.options.temperature;
    soft.add_table_bias();
    const auto noise = soft.terms.table_bias.values<double>();
    for (int h = 0; h < 2; ++h) {
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 5; ++j) {
          const PhiloxBlock block =
              philox({static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(row_keys[i]), 0, 6},
                     {5, 0});
          const double u = ((block[0] >> (16 * h) & 0xFFFF) + 0.5) / 65536;
          noise[static_cast<std::size_t>((h * 3 + i) * 5 + j)] =
              gumbel ? -std::log(-std::log(u)) / hard.options.temperature : 0;
        }
      }
    }
    const auto got = gradients(hard);
    const auto expected = gradients(soft);
    expect_near(got[0], expected[0], 1e-6);
    expect_near(got[1], expected[1], 1e-6);

    // Forward: the largest noisy score wins; values get what their winners' queries gave.
    Tensor one_hot, weights;
    run(hard, &one_hot);
    run(soft, &weights);
    const auto chosen = one_hot.to_doubles();
    const auto probable = weights.to_doubles();
    for (std::size_t row = 0; row < chosen.size(); row += 5) {
      for (std::size_t j = 0; j < 5; ++j) {
        const double largest = *std::max_element(&probable[row], &probable[row] + 5);
        EXPECT_EQ(chosen[row + j], probable[row + j] == largest ? 1 : 0);
      }
    }
    const GradientCheck values = check_gradients({hard.v}, [&] { return weighted_sum(run(hard)); });
    EXPECT_LT(values.worst, 1e-8) << values.report;
  }
}

TEST_F(Attention, GradientsOnlyWhereWanted) {
  AttentionCase item = self_attention();
  item.add_distance_bias(2);
  item.add_mixing();
  const auto all = gradients(item);
  AttentionCase few = self_attention();
  few.add_distance_bias(2);
  few.add_mixing();
  require_gradient(few.terms.mix_scores);
  backward(weighted_sum(run(few)));
  EXPECT_EQ(gradient_of(few.terms.mix_scores).to_doubles(), all[4]);
  EXPECT_FALSE(wants_gradient(few.q));
}

TEST_F(Attention, SharedOperandsGatherTheirGradients) {
  AttentionCase item({{4, 4}}, 2, 2);
  item.k = item.q;
  const GradientCheck check = check_gradients(
      {item.q}, [&] { return ops::add(weighted_sum(run(item)), weighted_sum(item.q)); });
  EXPECT_LT(check.worst, 1e-8) << check.report;
}

TEST_F(Attention, ErrorsNameTheTensor) {
  const auto expect_error = [&](const std::function<void(AttentionCase&)>& change,
                                const std::string& part) {
    AttentionCase item = cross_attention();
    change(item);
    try {
      run(item);
      ADD_FAILURE() << "no error about " << part;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  using Case = AttentionCase;
  expect_error([](Case& c) { c.terms.distance_bias = c.normal({2, 4}); }, "distance_bias");
  expect_error([](Case& c) { c.terms.distance_bias = c.normal({3, 5}); }, "distance_bias");
  expect_error([](Case& c) { c.terms.table_bias = c.normal({2, 3, 4}); }, "table_bias");
  expect_error([](Case& c) { c.terms.table_bias = c.normal({6, 5}); }, "table_bias");
  expect_error([](Case& c) { c.terms.key_vectors = c.normal({4, 3}); }, "key_vectors");
  expect_error([](Case& c) { c.terms.key_vectors = c.normal({5, 2}); }, "key_vectors");
  expect_error([](Case& c) { c.terms.value_vectors = c.normal({3, 3, 2}); }, "value_vectors");
  expect_error([](Case& c) { c.terms.sinks = c.normal({1, 3}); }, "sinks");
  expect_error([](Case& c) { c.terms.additive = c.normal({2, 3}); }, "additive");
  expect_error([](Case& c) { c.options.scorer = AttentionScorer::additive; }, "additive");
  expect_error([](Case& c) { c.terms.mix_scores = c.normal({2, 3}); }, "mix_scores");
  expect_error([](Case& c) { c.terms.mix_weights = c.normal({1, 2}); }, "mix_weights");
  expect_error([](Case& c) { c.terms.contextual = c.normal({4, 2}); }, "contextual");
  expect_error([](Case& c) { c.terms.sinks = c.normal({1, 2}).to(DType::float32); }, "float32");
  expect_error([](Case& c) { c.options.dilation = 0; }, "dilation");
  expect_error([](Case& c) { c.options.block = -1; }, "block");
  expect_error([](Case& c) { c.options.block_shift = 1; }, "block_shift");
  expect_error([](Case& c) { c.options.temperature = 0; }, "temperature");
  expect_error([](Case& c) { c.options.soft_cap = -1; }, "soft_cap");
  expect_error([](Case& c) { c.options.gumbel = true; }, "Gumbel");
  expect_error([](Case& c) { c.prefix = {1}; }, "prefix");
  expect_error([](Case& c) { c.prefix = {1, -1}; }, "prefix");
  expect_error([](Case& c) { c.query_starts = {1, 2, 3}; }, "query_starts");
  expect_error([](Case& c) { c.query_segments = {0, 0, 0, 0, 0, 0}; }, "key_segments");
  expect_error([](Case& c) { c.query_offsets[1] = 7; }, "offsets");
  expect_error([](Case& c) { c.k = c.normal({10, 4}); }, "k [10, 4]");
}

}  // namespace
}  // namespace heed
