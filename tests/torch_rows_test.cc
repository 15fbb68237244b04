// heed's row ops, output layers and spans against PyTorch's numbers (tools/make_row_fixtures.py).
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"
#include "heed/ops/softmax.h"
#include "tests/torch_fixture.h"

namespace heed {
namespace {

class TorchRows : public TorchOpTest {
 protected:
  TorchRows() : TorchOpTest("rows") {}

  void expect_mapped_loss(const std::string& name) {
    const std::vector<double> map = file_.numbers(name + "/scale");
    const auto projection = [&](const Tensor& weight, const Tensor& bias) {
      return ops::Projection{weight, bias, static_cast<float>(map[0]), static_cast<float>(map[1])};
    };
    expect_case(name, {"x", "weight", "bias"}, [&](const Inputs& in) {
      return ops::projection_cross_entropy(in[0], projection(in[1], in[2]),
                                           file_[name + "/targets"], {.smoothing = 0.1f})
          .loss;
    });
    const Tensor logits = ops::project(file_[name + "/x"],
                                       projection(file_[name + "/weight"], file_[name + "/bias"]));
    expect_as_torch(logits.to_doubles(), file_.numbers(name + "/logits"), backend().forward,
                    "logits");
  }
};

TEST_P(TorchRows, Activations) {
  expect_case("relu_squared", {"x"},
              [](const Inputs& in) { return ops::activate(in[0], Activation::relu_squared); });
  expect_case("geglu_tanh", {"x"},
              [](const Inputs& in) { return ops::gate(in[0], Activation::gelu_tanh); });
  expect_case("reglu", {"x"}, [](const Inputs& in) { return ops::gate(in[0], Activation::relu); });
}

TEST_P(TorchRows, TakenAndJoined) {
  expect_case("gather_rows", {"x"}, [&](const Inputs& in) {
    return ops::gather_rows(in[0], file_["gather_rows/index"]);
  });
  expect_case("concat_rows", {"a", "b", "c"}, [](const Inputs& in) {
    return ops::concat_rows(std::vector{in[0], in[1], in[2], in[0]});
  });
  expect_case("reshape", {"x"}, [](const Inputs& in) {
    const Tensor folded = ops::reshape(in[0], {3, 10});
    return ops::multiply(folded, folded);
  });
}

TEST_P(TorchRows, Scaled) {
  expect_case("scale_rows", {"x"}, [&](const Inputs& in) {
    return ops::scale_rows(in[0], file_["scale_rows/factors"]);
  });
  expect_case("scale_columns", {"x", "gain"},
              [](const Inputs& in) { return ops::scale_columns(in[0], in[1]); });
}

TEST_P(TorchRows, MappedLogits) {
  expect_mapped_loss("soft_cap");
  expect_mapped_loss("logit_scale");
}

TEST_P(TorchRows, Spans) {
  const std::vector<std::int32_t> offsets = file_.integers("spans/offsets");
  expect_case("spans", {"scores"}, [&](const Inputs& in) {
    return ops::sequence_cross_entropy(in[0], offsets, file_["spans/targets"], {}).loss;
  });
  expect_as_torch(ops::sequence_log_softmax(file_["spans/scores"], offsets).to_doubles(),
                  file_.numbers("spans/log_softmax"), backend().forward, "log-softmax");
}

// Output layers with and without a bias: logits that are scaled and capped, and what is made of
// them.
class TorchLogits : public TorchOpTest {
 protected:
  TorchLogits() : TorchOpTest("logits") {}

  void expect_output_layer(const std::string& name) {
    const std::vector<double> map = file_.numbers(name + ".map");
    const auto projection = [&](const Inputs& in) {
      return ops::Projection{in[1], in.size() > 2 ? in[2] : Tensor(), static_cast<float>(map[0]),
                             static_cast<float>(map[1])};
    };
    std::vector<std::string> inputs = {"x", "weight"};
    if (!name.ends_with("_bare")) {
      inputs.emplace_back("bias");
    }
    const Tensor targets = file_[name + ".targets"];
    expect_case(name, inputs,
                [&](const Inputs& in) { return ops::project(in[0], projection(in)); });
    expect_case(name + "_loss", inputs, [&](const Inputs& in) {
      return ops::projection_cross_entropy(in[0], projection(in), targets,
                                           {.smoothing = 0.1f, .scale = 1.0f / 9})
          .loss;
    });
    Inputs constants;
    for (const std::string& input : inputs) {
      constants.push_back(file_[name + "/" + input]);
    }
    expect_as_torch(ops::projection_log_probabilities(constants[0], projection(constants), targets),
                    file_.numbers(name + ".log_probabilities"), backend().forward,
                    "log-probabilities");
  }
};

TEST_P(TorchLogits, OfEveryOutputLayer) {
  for (const char* name :
       {"plain_bare", "scaled", "scaled_bare", "capped", "capped_bare", "scaled_capped_bare"}) {
    expect_output_layer(name);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, TorchLogits, testing::Values(reference_backend, cpu_backend),
                         [](const auto& test) { return backend_name(test.param.device); });
INSTANTIATE_TEST_SUITE_P(Backends, TorchRows, testing::Values(reference_backend, cpu_backend),
                         [](const auto& test) { return backend_name(test.param.device); });

}  // namespace
}  // namespace heed
