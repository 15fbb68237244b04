#include "heed/nn/attention/soft_cap.h"

namespace heed {

namespace {

class SoftCap : public AttentionPart {
 public:
  explicit SoftCap(double cap) : cap_(static_cast<float>(cap)) {}

  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.soft_cap = cap_;
  }

 private:
  float cap_;
};

}  // namespace

AttentionKind soft_cap_kind() {
  return {.key = "soft_cap",
          .summary = "Scores bent to stay below a bound (Gemma 2, 2024)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return config.soft_cap > 0 ? std::make_unique<SoftCap>(config.soft_cap) : nullptr;
          }};
}

}  // namespace heed
