#include "heed/nn/attention/hard.h"

namespace heed {

namespace {

class HardChoice : public AttentionPart {
 public:
  HardChoice(double temperature, bool noise)
      : temperature_(static_cast<float>(temperature)), noise_(noise) {}

  void plan(AttentionPlan& plan, const Sequences& rows, ForwardContext& context) const override {
    plan.normalizer = AttentionNormalizer::hard;
    plan.temperature = temperature_;
    if (noise_) {
      plan.gumbel = context.training;
      plan.gumbel_stream = context.dropout(0, rows.row_keys);
    }
  }

 private:
  float temperature_;
  bool noise_;
};

}  // namespace

AttentionKind hard_kind() {
  return {.key = "normalizer",
          .name = "hard",
          .summary = "The best key alone, trained straight through (Xu et al., 2015)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<HardChoice>(config.temperature, false);
          }};
}

AttentionKind gumbel_kind() {
  return {.key = "normalizer",
          .name = "gumbel",
          .summary = "One key, drawn by its weight while training (Jang et al., 2017)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<HardChoice>(config.temperature, true);
          }};
}

}  // namespace heed
