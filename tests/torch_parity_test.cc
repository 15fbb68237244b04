// heed's ops and layers against PyTorch's numbers.
#include "heed/nn/block.h"
#include "heed/ops/attention.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/embedding.h"
#include "heed/ops/linear.h"
#include "heed/ops/normalization.h"
#include "heed/ops/softmax.h"
#include "tests/torch_layer.h"

namespace heed {
namespace {

class TorchOps : public TorchOpTest {
 protected:
  TorchOps() : TorchOpTest("ops") {}

  void expect_attention(const std::string& name, int heads, int key_heads, bool causal);
};

TEST_P(TorchOps, Linear) {
  const std::vector<std::string> names = {"x", "weight", "bias"};
  expect_case("linear", names, [](const Inputs& in) { return ops::linear(in[0], in[1], in[2]); });
  expect_case("linear_relu", names,
              [](const Inputs& in) { return ops::linear_relu(in[0], in[1], in[2]); });
}

TEST_P(TorchOps, Norms) {
  constexpr float epsilon = 1e-5f;
  expect_case("layer_norm", {"x", "gain", "bias"},
              [](const Inputs& in) { return ops::layer_norm(in[0], in[1], in[2], epsilon); });
  expect_case("residual_layer_norm", {"x", "branch", "gain", "bias"}, [](const Inputs& in) {
    return ops::residual_layer_norm(in[0], in[1], in[2], in[3], epsilon, {});
  });
  expect_case("rms_norm", {"x", "gain"},
              [](const Inputs& in) { return ops::rms_norm(in[0], in[1], epsilon); });
}

TEST_P(TorchOps, Activations) {
  const auto expect_activation = [&](const std::string& name, Activation activation) {
    expect_case(name, {"x"}, [&](const Inputs& in) { return ops::activate(in[0], activation); });
  };
  expect_activation("relu", Activation::relu);
  expect_activation("gelu", Activation::gelu);
  expect_activation("gelu_tanh", Activation::gelu_tanh);
  expect_activation("silu", Activation::silu);
  expect_activation("tanh", Activation::tanh);
}

TEST_P(TorchOps, Gates) {
  expect_case("swiglu", {"x"}, [](const Inputs& in) { return ops::gate(in[0], Activation::silu); });
  expect_case("geglu", {"x"}, [](const Inputs& in) { return ops::gate(in[0], Activation::gelu); });
}

TEST_P(TorchOps, Softmax) {
  expect_case("softmax", {"x"}, [](const Inputs& in) { return ops::softmax(in[0]); });
  expect_as_torch(ops::log_softmax(file_["softmax/x"]).to_doubles(), file_.numbers("log_softmax/y"),
                  backend().forward, "log-softmax");
}

TEST_P(TorchOps, CrossEntropy) {
  CrossEntropySums sums;
  expect_case("cross_entropy", {"x", "weight", "bias"}, [&](const Inputs& in) {
    const ops::CrossEntropyOptions options{
        .smoothing = 0.1f, .ignore_id = 4, .scale = static_cast<float>(1.0 / 7)};
    const ops::CrossEntropyResult result = ops::projection_cross_entropy(
        in[0], {in[1], in[2]}, file_["cross_entropy/targets"], options);
    sums = result.sums;
    return result.loss;
  });
  expect_as_torch({sums.plain_loss}, file_.numbers("cross_entropy/plain_loss"), backend().forward,
                  "plain loss");
  EXPECT_EQ(sums.correct, file_.integers("cross_entropy/correct")[0]);
  EXPECT_EQ(sums.count, file_.integers("cross_entropy/count")[0]);
}

TEST_P(TorchOps, Embedding) {
  expect_case("embedding", {"table", "positions"}, [&](const Inputs& in) {
    return ops::embed(file_["embedding/ids"], in[0], static_cast<float>(std::sqrt(10.0)),
                      file_["embedding/position_ids"], in[1], {}, 8);
  });
}

void TorchOps::expect_attention(const std::string& name, int heads, int key_heads, bool causal) {
  const auto query_offsets = file_.integers(name + "/query_offsets");
  const auto key_offsets = file_.integers(name + "/key_offsets");
  const AttentionPlan plan{.query_offsets = query_offsets,
                           .key_offsets = key_offsets,
                           .heads = heads,
                           .key_heads = key_heads,
                           .scale = static_cast<float>(1 / std::sqrt(5.0)),
                           .causal = causal};
  expect_case(name, {"q", "k", "v"},
              [&](const Inputs& in) { return ops::attention(in[0], in[1], in[2], plan); });
  Tensor weights;
  const NoGradientScope no_gradients;
  ops::attention(file_[name + "/q"], file_[name + "/k"], file_[name + "/v"], plan, {}, &weights);
  expect_as_torch(weights.to_doubles(), file_.numbers(name + "/weights"), backend().forward,
                  name + "/weights");
}

TEST_P(TorchOps, Attention) {
  expect_attention("self_attention", 2, 2, false);
  expect_attention("cross_attention", 2, 2, false);
  expect_attention("causal_attention", 3, 3, true);
  expect_attention("causal_suffix", 2, 2, true);
  expect_attention("grouped_attention", 6, 2, true);
}

class TorchLayers : public TorchSequenceTest {
 protected:
  TorchLayers() : TorchSequenceTest("layers") {}
};

StackConfig stack_config(bool pre_norm) {
  return {.d_model = 12,
          .heads = 2,
          .feed_forward_size = 20,
          .activation = pre_norm ? "geglu" : "relu",
          .norm = pre_norm ? "pre" : "post"};
}

TEST_P(TorchLayers, EncoderLayers) {
  for (const bool pre_norm : {false, true}) {
    Block layer(stack_config(pre_norm), {}, backend().device);
    expect_layer(
        pre_norm ? "encoder_pre_geglu" : "encoder_post_relu", layer, {"x"},
        [&](const std::vector<Tensor>& in) { return layer.forward(in[0], source_, context_); });
  }
}

TEST_P(TorchLayers, DecoderLayers) {
  for (const bool pre_norm : {false, true}) {
    Block layer(stack_config(pre_norm), {.stack = "decoder", .causal = true, .cross = true},
                backend().device);
    expect_layer(pre_norm ? "decoder_pre_geglu" : "decoder_post_relu", layer, {"x", "memory"},
                 [&](const std::vector<Tensor>& in) {
                   return layer.forward(in[0], target_, in[1], source_, context_);
                 });
  }
}

const auto backends = testing::Values(reference_backend, cpu_backend);
const auto backend_name_of = [](const auto& info) { return backend_name(info.param.device); };
INSTANTIATE_TEST_SUITE_P(Torch, TorchOps, backends, backend_name_of);
INSTANTIATE_TEST_SUITE_P(Torch, TorchLayers, backends, backend_name_of);

}  // namespace
}  // namespace heed
