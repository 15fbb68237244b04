#include "heed/nn/attention/hard.h"

#include <optional>

namespace heed {

namespace {

class HardChoice : public AttentionPart {
 public:
  HardChoice(double temperature, std::optional<DropoutSite> noise)
      : temperature_(static_cast<float>(temperature)), noise_(noise) {}

  void plan(AttentionPlan& plan, const Sequences& rows, ForwardContext& context) const override {
    plan.normalizer = AttentionNormalizer::hard;
    plan.temperature = temperature_;
    if (noise_) {
      plan.gumbel = context.training;
      plan.gumbel_stream = context.dropout(*noise_, rows.row_keys);
    }
  }

 private:
  float temperature_;
  std::optional<DropoutSite> noise_;
};

}  // namespace

AttentionKind hard_kind() {
  return {.key = "normalizer",
          .name = "hard",
          .summary = "The best key alone, trained straight through (Xu et al., 2015)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<HardChoice>(config.temperature, std::nullopt);
          }};
}

AttentionKind gumbel_kind() {
  return {.key = "normalizer",
          .name = "gumbel",
          .summary = "One key, drawn by its weight while training (Jang et al., 2017)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return std::make_unique<HardChoice>(config.temperature,
                                                DropoutSite(scope.place.name() + ".choice", 0));
          }};
}

}  // namespace heed
