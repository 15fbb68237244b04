// Position schemes against the numbers that tools/make_position_fixtures.py took from Transformers
// and from attentions written down in PyTorch, forward and backward.
#include "heed/nn/position/alibi.h"
#include "heed/nn/position/position_encoding.h"
#include "heed/nn/position/rotary.h"
#include "heed/nn/position/sinusoidal.h"
#include "heed/nn/position/t5.h"
#include "heed/ops/attention.h"
#include "tests/torch_fixture.h"

namespace heed {
namespace {

class TorchPositions : public TorchTest {
 protected:
  static constexpr int heads = 4;
  static constexpr std::int64_t head_size = 6;

  PositionScope scope(bool causal, int key_heads = heads) const {
    return {.size = heads * head_size,
            .heads = heads,
            .key_heads = key_heads,
            .head_size = head_size,
            .layers = 2,
            .longest = 16,
            .causal = causal,
            .device = backend().device};
  }

  // A scheme with the parameters of the file, as leaves; those of layer 0 stay as they were drawn.
  std::unique_ptr<PositionEncoding> scheme(const std::string& name, const PositionConfig& config,
                                           const PositionScope& scope) {
    auto encoding = make_position_encoding(config, scope);
    initialize_parameters(*encoding, 1);
    for (const NamedParameter& item : parameters_of(*encoding)) {
      if (file_.file().find(name + "/" + item.name) != nullptr) {
        item.parameter->value.copy_from(file_[name + "/" + item.name]);
      }
    }
    require_gradients(*encoding);
    return encoding;
  }

  void expect_gradient(const Tensor& leaf, const std::string& name) {
    ASSERT_TRUE(gradient_of(leaf).defined()) << name;
    expect_as_torch(gradient_of(leaf).to_doubles(), file_.numbers(name), backend().gradient, name);
  }
  void expect_parameter_gradients(PositionEncoding& encoding, const std::string& name) {
    for (const NamedParameter& item : parameters_of(encoding)) {
      if (item.name.starts_with("layers.0.")) {
        EXPECT_FALSE(gradient_of(item.parameter->value).defined()) << item.name;
      } else {
        expect_gradient(item.parameter->value, name + "/d_" + item.name);
      }
    }
  }

  // The attention of layer 1 over sequences of 9 and 5 tokens.
  void expect_attention(const std::string& name, const PositionConfig& config, bool causal,
                        int key_heads = heads);
  // The biases of a window.
  void expect_window(const std::string& name, const PositionConfig& config,
                     const std::vector<std::string>& stored,
                     const std::vector<std::string>& parameters);

  TorchFile file_{"positions", backend()};
};

void TorchPositions::expect_attention(const std::string& name, const PositionConfig& config,
                                      bool causal, int key_heads) {
  SCOPED_TRACE(name);
  const auto encoding = scheme(name, config, scope(causal, key_heads));
  const std::vector<std::int32_t> offsets = {0, 9, 14};
  const Tensor positions =
      Tensor::from_values<std::int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4}, {14});
  const Tensor q = file_[name + "/q"], k = file_[name + "/k"], v = file_[name + "/v"];
  for (const Tensor& leaf : {q, k, v}) {
    require_gradient(leaf);
  }
  ops::AttentionTerms terms;
  encoding->add_terms(1, 9, terms);
  const Tensor out = ops::attention(encoding->turn_queries(0, q, positions, 9),
                                    encoding->turn_keys(0, k, positions, 9), v,
                                    {.query_offsets = offsets,
                                     .key_offsets = offsets,
                                     .heads = heads,
                                     .key_heads = key_heads,
                                     .scale = static_cast<float>(1 / std::sqrt(6.0)),
                                     .causal = causal},
                                    terms);
  expect_as_torch(out.to_doubles(), file_.numbers(name + "/out"), backend().forward, "out");
  backward(out, file_[name + "/dout"]);
  expect_gradient(q, name + "/d_q");
  expect_gradient(k, name + "/d_k");
  expect_gradient(v, name + "/d_v");
  expect_parameter_gradients(*encoding, name);
}

TEST_P(TorchPositions, Shaw) {
  expect_attention("shaw", {.kind = "shaw", .clip = 3}, false);
  expect_attention("shaw_causal", {.kind = "shaw", .clip = 2, .per_head = true}, true);
  expect_attention("shaw_keys",
                   {.kind = "shaw", .clip = 3, .relative_values = false, .per_head = true}, false);
}

TEST_P(TorchPositions, Biases) {
  expect_attention("alibi", {.kind = "alibi"}, false);
  expect_attention("alibi_causal", {.kind = "alibi"}, true);
  expect_attention("t5", {.kind = "t5", .buckets = 8, .max_distance = 6}, false);
}

TEST_P(TorchPositions, Contextual) {
  expect_attention("cope", {.kind = "cope", .context_positions = 16}, false);
  expect_attention("cope_causal", {.kind = "cope", .context_positions = 4}, true);
}

TEST_P(TorchPositions, Rotations) {
  expect_attention("rotary_halves", {.kind = "rotary"}, true, 2);
  expect_attention("rotary_interleaved",
                   {.kind = "rotary", .layout = "interleaved", .rotated = 4.0 / 6}, true, 2);
  expect_attention("xpos", {.kind = "xpos", .layout = "interleaved", .decay_base = 8}, true, 2);
}

TEST_P(TorchPositions, RotaryFrequencies) {
  const auto expect = [&](const std::string& name, std::int64_t head_size,
                          const PositionConfig& config) {
    const RotaryFrequencies found = rotary_frequencies(config, {.head_size = head_size});
    const auto expected = file_.numbers("rope/" + name + "/frequencies");
    ASSERT_EQ(found.frequencies.size(), expected.size()) << name;
    for (std::size_t j = 0; j < expected.size(); ++j) {
      // Those of Transformers are of float32.
      EXPECT_NEAR(found.frequencies[j] / expected[j], 1, 5e-7) << name << ", pair " << j;
    }
    EXPECT_NEAR(found.factor, file_.numbers("rope/" + name + "/factor")[0], 1e-12) << name;
  };
  expect("linear", 64, {.scaling = "linear", .scaling_factor = 4});
  expect("ntk", 64, {.scaling = "ntk", .scaling_factor = 4});
  expect("yarn", 128, {.trained_length = 2048, .scaling = "yarn", .scaling_factor = 8});
  expect("yarn_short", 64,
         {.trained_length = 40,
          .scaling = "yarn",
          .scaling_factor = 4,
          .attention_factor = 1.5,
          .beta_fast = 6,
          .beta_slow = 0.5});
  expect("llama3", 128,
         {.trained_length = 8192, .base = 500000, .scaling = "llama3", .scaling_factor = 8});
  expect("partial", 64, {.rotated = 0.25});
}

TEST_P(TorchPositions, BucketsAndSlopes) {
  const auto expect_buckets = [&](const std::string& name, bool both, int buckets, int longest) {
    const auto expected = file_.integers("t5_buckets/" + name);
    for (int t = -300; t <= 300; ++t) {
      EXPECT_EQ(t5_bucket(t, both, buckets, longest), expected[static_cast<std::size_t>(t + 300)])
          << name << ", distance " << t;
    }
  };
  expect_buckets("two_sided", true, 32, 128);
  expect_buckets("one_sided", false, 32, 128);
  expect_buckets("few", true, 8, 20);
  expect_buckets("odd", false, 7, 50);
  for (const int count : {1, 2, 3, 6, 8, 12, 16, 20}) {
    expect_as_torch(alibi_slopes(count), file_.numbers("alibi_slopes/" + std::to_string(count)),
                    1e-7, std::to_string(count) + " slopes");
  }
}

TEST_P(TorchPositions, SinusoidsOfAGrid) {
  const Tensor found = sinusoidal_grid(28, 7, 12, PairLayout::halves, backend().device);
  expect_as_torch(found.to_doubles(), file_.numbers("sinusoidal2d"), backend().forward, "grid");
}

void TorchPositions::expect_window(const std::string& name, const PositionConfig& config,
                                   const std::vector<std::string>& stored,
                                   const std::vector<std::string>& parameters) {
  SCOPED_TRACE(name);
  const auto encoding = make_position_encoding(config, scope(false));
  require_gradients(*encoding);
  std::vector<Tensor> leaves;
  for (const NamedParameter& item : parameters_of(*encoding)) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (item.name == "layers.1." + parameters[i]) {
        item.parameter->value.copy_from(file_[name + "/" + stored[i]]);
        leaves.push_back(item.parameter->value);
      }
    }
  }
  ASSERT_EQ(leaves.size(), stored.size());
  ops::AttentionTerms terms;
  encoding->add_terms(1, config.window * config.window, terms);
  expect_as_torch(terms.table_bias.to_doubles(), file_.numbers(name + "/bias"), backend().forward,
                  "bias");
  backward(terms.table_bias, file_[name + "/dbias"]);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    expect_gradient(leaves[i], name + "/d_" + stored[i]);
  }
}

TEST_P(TorchPositions, Windows) {
  expect_window("swin", {.kind = "swin", .window = 3}, {"table"}, {"relative_position_bias_table"});
  const std::vector<std::string> names = {"0.weight", "0.bias", "2.weight"};
  const std::vector<std::string> parameters = {"continuous_position_bias_mlp.0.weight",
                                               "continuous_position_bias_mlp.0.bias",
                                               "continuous_position_bias_mlp.2.weight"};
  expect_window("swin2", {.kind = "swin2", .window = 3}, names, parameters);
  expect_window("swin2_larger", {.kind = "swin2", .window = 4, .trained_window = 3}, names,
                parameters);
}

INSTANTIATE_TEST_SUITE_P(Backends, TorchPositions, testing::Values(reference_backend, cpu_backend),
                         [](const auto& info) { return backend_name(info.param.device); });

}  // namespace
}  // namespace heed
