// Kinds of attention against the numbers that tools/make_attention_fixtures.py took from PyTorch.
#include "heed/ops/attention.h"

#include <functional>

#include "tests/torch_fixture.h"

namespace heed {
namespace {

class TorchAttention : public TorchTest {
 protected:
  // Runs the operands and terms of a case, forward and backward.
  void expect_case(const std::string& name, const std::function<void(AttentionPlan&)>& change) {
    SCOPED_TRACE(name);
    AttentionPlan plan{.query_offsets = query_offsets_,
                       .key_offsets = key_offsets_,
                       .heads = 4,
                       .key_heads = 2,
                       .scale = static_cast<float>(1 / std::sqrt(5.0))};
    change(plan);
    std::vector<std::pair<std::string, Tensor>> leaves;
    const auto leaf = [&](const std::string& operand) {
      const Tensor tensor = file_[name + "/" + operand];
      require_gradient(tensor);
      leaves.emplace_back(operand, tensor);
      return tensor;
    };
    const Tensor q = leaf("q");
    const Tensor k = leaf("k");
    const Tensor v = leaf("v");
    ops::AttentionTerms terms;
    visit_terms(
        [&](const char* term, Tensor& tensor) {
          if (file_.file().find(name + "/" + term) != nullptr) {
            tensor = leaf(term);
          }
        },
        terms);
    const Tensor y = ops::attention(q, k, v, plan, terms);
    expect_as_torch(y.to_doubles(), file_.numbers(name + "/y"), backend().forward, "y");
    backward(y, file_[name + "/dy"]);
    for (const auto& [operand, tensor] : leaves) {
      expect_as_torch(gradient_of(tensor).to_doubles(), file_.numbers(name + "/d_" + operand),
                      backend().gradient, "gradient of " + operand);
    }
  }

  TorchFile file_{"attention", backend()};
  const std::vector<std::int32_t> query_offsets_{0, 6}, key_offsets_{0, 8};
};

TEST_P(TorchAttention, HeadLayouts) {
  expect_case("grouped", [](AttentionPlan&) {});
  expect_case("multi_query", [](AttentionPlan& plan) { plan.key_heads = 1; });
}

TEST_P(TorchAttention, SlidingWindow) {
  expect_case("window", [](AttentionPlan& plan) {
    plan.causal = true;
    plan.reach_back = 2;
  });
}

TEST_P(TorchAttention, Scorers) {
  expect_case("gaussian", [](AttentionPlan& plan) { plan.scorer = AttentionScorer::gaussian; });
  expect_case("additive", [](AttentionPlan& plan) { plan.scorer = AttentionScorer::additive; });
}

TEST_P(TorchAttention, Normalizers) {
  expect_case("sparsemax",
              [](AttentionPlan& plan) { plan.normalizer = AttentionNormalizer::sparsemax; });
  expect_case("hard", [](AttentionPlan& plan) {
    plan.normalizer = AttentionNormalizer::hard;
    plan.temperature = 0.7f;
  });
}

TEST_P(TorchAttention, CapsSinksAndBiases) {
  expect_case("soft_cap", [](AttentionPlan& plan) { plan.soft_cap = 1.5f; });
  expect_case("sinks", [](AttentionPlan&) {});
  expect_case("table_bias", [](AttentionPlan&) {});
}

TEST_P(TorchAttention, TalkingHeads) {
  expect_case("talking_heads", [](AttentionPlan&) {});
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchAttention, testing::Values(reference_backend, cpu_backend),
                         [](const auto& info) { return backend_name(info.param.device); });

}  // namespace
}  // namespace heed
