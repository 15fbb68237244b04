// Every kind of attention against its formula.
#include <gmock/gmock.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/nn/attention/test_attention_kinds.h"

namespace heed {
namespace {

class AttentionKinds : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static void expect_formula(AttentionExample example, const AttentionFormula& formula) {
    const Numbers got = example.attend();
    expect_near(got, formula.attend(example), 2e-6);  // the plan's scale is a float
  }
  // The formula may refer to the example's parameters.
  static void expect_score(const AttentionConfig& config,
                           const std::function<double(const AttentionExample&, std::size_t head,
                                                      const Numbers&, const Numbers&)>& score) {
    AttentionExample example(config);
    const Numbers got = example.attend();
    const AttentionFormula formula{
        .score = [&](std::size_t head, const Numbers& q,
                     const Numbers& k) { return score(example, head, q, k); },
        .normalize = softmax_each};
    expect_near(got, formula.attend(example), 2e-6);
  }
  static void expect_weights(const AttentionConfig& config,
                             const std::function<void(Numbers&)>& normalize) {
    expect_formula(AttentionExample(config), {.score = scaled_dot, .normalize = [&](auto& scores) {
                                                for (Numbers& row : scores) {
                                                  normalize(row);
                                                }
                                              }});
  }
  static void expect_seen(const AttentionConfig& config, bool causal, int layer,
                          const std::function<bool(int i, int j)>& sees) {
    AttentionExample example(config);
    example.scope.causal = causal;
    example.scope.place.layer = layer;
    expect_formula(example,
                   {.score = scaled_dot, .normalize = softmax_each, .sees = [&](int i, int j) {
                      return (!causal || j <= i) && sees(i, j);
                    }});
  }
  // One head's part of a parameter of equal parts.
  static Numbers part_of(const Numbers& all, std::size_t head, std::size_t heads) {
    const auto size = static_cast<std::ptrdiff_t>(all.size() / heads);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(head) * size;
    return Numbers(begin, begin + size);
  }
};

TEST_F(AttentionKinds, DotProducts) {
  expect_score({.kind = "dot"}, [](const auto&, std::size_t, const Numbers& q, const Numbers& k) {
    return dot(q, k);
  });
  expect_score({}, [](const auto&, std::size_t, const Numbers& q, const Numbers& k) {
    return dot(q, k) / std::sqrt(3.0);
  });
}

TEST_F(AttentionKinds, Additive) {
  expect_score({.kind = "additive"}, [](const AttentionExample& example, std::size_t head,
                                        const Numbers& q, const Numbers& k) {
    const Numbers w = part_of(example.parameters.at("additive"), head, 4);
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      sum += w[c] * std::tanh(q[c] + k[c]);
    }
    return sum;
  });
}

TEST_F(AttentionKinds, Bilinear) {
  expect_score({.kind = "bilinear"}, [](const AttentionExample& example, std::size_t head,
                                        const Numbers& q, const Numbers& k) {
    const Numbers w = part_of(example.parameters.at("bilinear"), head, 4);
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 3; ++b) {
        sum += q[a] * w[a * 3 + b] * k[b];
      }
    }
    return sum;
  });
}

TEST_F(AttentionKinds, Cosine) {
  expect_score({.kind = "cosine"}, [](const AttentionExample& example, std::size_t head,
                                      const Numbers& q, const Numbers& k) {
    const double s = example.parameters.at("log_scale")[head];
    return std::exp(std::min(std::log(10.0) + s, std::log(100.0))) * dot(q, k) /
           std::sqrt(dot(q, q) * dot(k, k));
  });
}

TEST_F(AttentionKinds, Gaussian) {
  const auto square = [](const Numbers& q, const Numbers& k) {
    return dot(q, q) - 2 * dot(q, k) + dot(k, k);
  };
  expect_score({.kind = "gaussian", .width = 0.7},
               [&](const auto&, std::size_t, const Numbers& q, const Numbers& k) {
                 return -square(q, k) / (2 * 0.7 * 0.7);
               });
  expect_score({.kind = "gaussian"}, [&](const AttentionExample& example, std::size_t head,
                                         const Numbers& q, const Numbers& k) {
    const double s = example.parameters.at("narrowing")[head / 2];
    const double width = std::pow(3.0, 0.25) * std::exp(-s);
    return -square(q, k) / (2 * width * width);
  });
}

TEST_F(AttentionKinds, Sparsemax) {
  expect_weights({.normalizer = "sparsemax"}, [](Numbers& row) {
    double low = *std::min_element(row.begin(), row.end()) - 1;
    double high = *std::max_element(row.begin(), row.end());
    for (int step = 0; step < 100; ++step) {  // the threshold above which one unit lies
      const double middle = (low + high) / 2;
      double sum = 0;
      for (const double value : row) {
        sum += std::max(value - middle, 0.0);
      }
      (sum > 1 ? low : high) = middle;
    }
    for (double& value : row) {
      value = std::max(value - low, 0.0);
    }
  });
}

void keep_largest(Numbers& row) {
  const auto best = std::max_element(row.begin(), row.end()) - row.begin();
  std::fill(row.begin(), row.end(), 0.0);
  row[static_cast<std::size_t>(best)] = 1;
}

TEST_F(AttentionKinds, HardAndGumbelOutsideTraining) {
  expect_weights({.normalizer = "hard", .temperature = 0.5}, keep_largest);
  expect_weights({.normalizer = "gumbel"}, keep_largest);
}

TEST_F(AttentionKinds, GumbelDrawsKeysByTheirWeightsWhileTraining) {
  AttentionScope scope = attention_scope({.key_size = 2, .value_size = 3}, 3, 1);
  scope.device = reference_device;
  const int copies = 4000;
  const std::vector<std::int32_t> one(copies, 1), three(copies, 3);
  const Numbers scores = {0.3, -1, 1.2};
  const Tensor q = Tensor::zeros({copies, 2}, DType::float64, reference_device);
  q.columns(0, 1).fill(std::sqrt(2.0));
  const Tensor k = Tensor::zeros({3 * copies, 2}, DType::float64, reference_device);
  const Tensor v = Tensor::zeros({3 * copies, 3}, DType::float64, reference_device);
  for (std::size_t row = 0; row < 3 * copies; ++row) {
    k.values<double>()[2 * row] = scores[row % 3];
    v.values<double>()[3 * row + row % 3] = 1;
  }
  const AttentionCore core({.normalizer = "gumbel"}, scope);
  ForwardContext context;
  context.training = true;
  context.dropout_key = 5;
  const Numbers out =
      core.attend(q, k, v, make_sequences(one), make_sequences(three), nullptr, context)
          .to_doubles();
  std::vector<Numbers> expected{scores};
  softmax_each(expected);
  for (std::size_t j = 0; j < 3; ++j) {
    double drawn = 0;
    for (std::size_t row = 0; row < copies; ++row) {
      EXPECT_TRUE(out[3 * row + j] == 0 || out[3 * row + j] == 1);
      drawn += out[3 * row + j];
    }
    EXPECT_NEAR(drawn / copies, expected[0][j], 0.025);
  }
}

TEST_F(AttentionKinds, Topologies) {
  for (const bool causal : {false, true}) {
    expect_seen({}, causal, 0, [](int, int) { return true; });
    expect_seen({.topology = "window", .window = 2}, causal, 0,
                [](int i, int j) { return std::abs(i - j) <= 2; });
    expect_seen({.topology = "dilated", .window = 2, .dilation = 3}, causal, 0,
                [](int i, int j) { return std::abs(i - j) <= 6 && (i - j) % 3 == 0; });
    for (const int layer : {0, 1, 2}) {
      expect_seen({.topology = "block", .block = 4}, causal, layer,
                  [](int i, int j) { return i / 4 == j / 4; });
      const int shift = layer == 1 ? 2 : 0;
      expect_seen({.topology = "shifted_block", .block = 4}, causal, layer,
                  [&](int i, int j) { return (i + shift) / 4 == (j + shift) / 4; });
    }
  }
}

TEST_F(AttentionKinds, TopologiesLeaveCrossAttentionAlone) {
  AttentionExample example({.topology = "window", .window = 1});
  example.scope.place.cross = true;
  example.queries = 5;
  expect_formula(example, {.score = scaled_dot, .normalize = softmax_each});
}

TEST_F(AttentionKinds, Prefix) {
  AttentionScope scope = attention_scope({.key_size = 3, .value_size = 3}, 3, 1);
  scope.device = reference_device;
  scope.causal = true;
  const Tensor x = normal_numbers({9, 3}, 1);
  const auto attend = [&](const AttentionConfig& config, const Sequences& sequences) {
    ForwardContext context;
    return AttentionCore(config, scope)
        .attend(x, x, x, sequences, sequences, nullptr, context)
        .to_doubles();
  };
  Sequences sequences = make_sequences(std::vector<std::int32_t>{5, 4});
  const Numbers causal = attend({}, sequences);
  EXPECT_EQ(attend({.topology = "prefix"}, sequences), causal);
  sequences.prefixes = {3, 1};
  AttentionExample whole({});
  whole.scope = scope;
  whole.scope.causal = false;
  whole.queries = whole.keys = 5;
  whole.q = whole.k = whole.v = x.rows(0, 5);
  const AttentionFormula formula{.score = scaled_dot,
                                 .normalize = softmax_each,
                                 .sees = [](int i, int j) { return j <= i || j < 3; }};
  const Numbers got = attend({.topology = "prefix"}, sequences);
  expect_near(Numbers(got.begin(), got.begin() + 15), formula.attend(whole), 2e-6);
  EXPECT_EQ(Numbers(got.begin() + 15, got.end()), Numbers(causal.begin() + 15, causal.end()));
  scope.causal = false;
  EXPECT_THROW(AttentionCore({.topology = "prefix"}, scope), Error);
}

TEST_F(AttentionKinds, QueryKeyNorm) {
  expect_score({.qk_norm = true}, [](const AttentionExample& example, std::size_t, const Numbers& q,
                                     const Numbers& k) {
    const Numbers query_gain = example.parameters.at("q_norm.weight");
    const Numbers key_gain = example.parameters.at("k_norm.weight");
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      sum += q[c] * query_gain[c] * k[c] * key_gain[c];
    }
    return sum / std::sqrt((dot(q, q) / 3 + 1e-6) * (dot(k, k) / 3 + 1e-6)) / std::sqrt(3.0);
  });
}

TEST_F(AttentionKinds, SoftCap) {
  expect_score({.soft_cap = 0.5},
               [](const auto&, std::size_t head, const Numbers& q, const Numbers& k) {
                 return 0.5 * std::tanh(scaled_dot(head, q, k) / 0.5);
               });
}

TEST_F(AttentionKinds, Sinks) {
  AttentionExample example({.sinks = true});
  const Numbers got = example.attend();
  const Numbers sinks = example.parameters.at("sinks");
  const AttentionFormula formula{.score = scaled_dot, .normalize = [&](auto& scores) {
                                   for (std::size_t h = 0; h < 4; ++h) {
                                     scores[h].push_back(sinks[h]);
                                   }
                                   softmax_each(scores);
                                 }};
  expect_near(got, formula.attend(example), 2e-6);
}

TEST_F(AttentionKinds, TalkingHeads) {
  AttentionExample example({.talking_heads = true});
  const Numbers got = example.attend();
  const auto mix = [](const Numbers& matrix, std::vector<Numbers>& rows) {
    const std::vector<Numbers> before = rows;
    for (std::size_t h = 0; h < 4; ++h) {
      for (std::size_t n = 0; n < rows[h].size(); ++n) {
        rows[h][n] = 0;
        for (std::size_t g = 0; g < 4; ++g) {
          rows[h][n] += matrix[h * 4 + g] * before[g][n];
        }
      }
    }
  };
  const AttentionFormula formula{.score = scaled_dot, .normalize = [&](auto& scores) {
                                   mix(example.parameters.at("mix_scores"), scores);
                                   softmax_each(scores);
                                   mix(example.parameters.at("mix_weights"), scores);
                                 }};
  expect_near(got, formula.attend(example), 2e-6);
}

TEST_F(AttentionKinds, EqualScoresGiveTheMean) {
  for (const char* normalizer : {"softmax", "sparsemax"}) {
    AttentionScope scope = attention_scope({.key_size = 1, .value_size = 1}, 1, 1);
    scope.device = reference_device;
    const Tensor zeros = Tensor::zeros({4, 1}, DType::float64, reference_device);
    const Tensor v = Tensor::from_values<double>({1, 2, 3, 6}, {4, 1}, reference_device);
    const Sequences one = make_sequences(std::vector<std::int32_t>{4});
    ForwardContext context;
    const AttentionCore core({.normalizer = normalizer}, scope);
    EXPECT_THAT(core.attend(zeros, zeros, v, one, one, nullptr, context).to_doubles(),
                testing::Each(testing::DoubleNear(3, 1e-12)));
  }
}

TEST_F(AttentionKinds, EachHasANameAndASummary) {
  for (const AttentionKind& kind : attention_kinds()) {
    EXPECT_FALSE(kind.key.empty());
    EXPECT_FALSE(kind.summary.empty());
    EXPECT_LT(kind.summary.size(), 90u);
  }
}

TEST_F(AttentionKinds, RefusalsNameTheKeyAndTheReason) {
  const auto expect_refusal = [](const AttentionConfig& config, int heads, const std::string& key,
                                 const std::string& reason) {
    try {
      check_attention_config(config, 8, heads);
      ADD_FAILURE() << "expected a refusal: " << reason;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_THAT(error.what(), testing::HasSubstr(key));
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
    }
  };
  expect_refusal({.kind = "scaled"}, 4, "attention.kind 'scaled'", "dot, scaled_dot, additive");
  expect_refusal({.normalizer = "max"}, 4, "attention.normalizer", "softmax, sparsemax");
  expect_refusal({.topology = "ring"}, 4, "attention.topology", "shifted_block, prefix");
  expect_refusal({}, 3, "model size 8", "among 3 heads");
  expect_refusal({.key_heads = 3}, 4, "attention.key_heads 3", "evenly");
  expect_refusal({.key_size = -1}, 4, "attention.key_size", "size");
  expect_refusal({.window = 0}, 4, "attention.window", "1 to");
  expect_refusal({.dilation = 0}, 4, "attention.dilation", "1 to");
  expect_refusal({.block = 1}, 4, "attention.block", "2 to");
  expect_refusal({.width = 2}, 4, "attention.width", "gaussian");
  expect_refusal({.kind = "gaussian", .width = -1}, 4, "attention.width", "width");
  expect_refusal({.normalizer = "hard", .temperature = 0}, 4, "attention.temperature", "positive");
  expect_refusal({.temperature = 2}, 4, "attention.temperature", "hard and gumbel");
  expect_refusal({.soft_cap = -1}, 4, "attention.soft_cap", "positive");
  expect_refusal({.kind = "gaussian", .soft_cap = 5}, 4, "attention.soft_cap", "gaussian");
  expect_refusal({.kind = "cosine", .soft_cap = 5}, 4, "attention.soft_cap", "bounded");
  expect_refusal({.kind = "cosine", .qk_norm = true}, 4, "attention.qk_norm", "length already");
  for (const char* normalizer : {"sparsemax", "hard", "gumbel"}) {
    expect_refusal({.normalizer = normalizer, .sinks = true}, 4, "attention.sinks", normalizer);
  }
  expect_refusal({.talking_heads = true}, 1, "attention.talking_heads", "one head");
}

}  // namespace
}  // namespace heed
