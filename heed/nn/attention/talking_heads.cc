#include "heed/nn/attention/talking_heads.h"

namespace heed {

namespace {

class TalkingHeads : public AttentionPart {
 public:
  explicit TalkingHeads(const AttentionScope& scope)
      : scores_({scope.heads, scope.heads}, Initial::xavier, false, scope.device),
        weights_({scope.heads, scope.heads}, Initial::xavier, false, scope.device) {}

  void add_terms(ops::AttentionTerms& terms) const override {
    terms.mix_scores = scores_.value;
    terms.mix_weights = weights_.value;
  }
  void visit(ParameterVisitor& visitor) override {
    visitor.parameter("mix_scores", scores_);
    visitor.parameter("mix_weights", weights_);
  }

 private:
  Parameter scores_;   // [heads, heads], L
  Parameter weights_;  // [heads, heads], W
};

}  // namespace

AttentionKind talking_heads_kind() {
  return {.key = "talking_heads",
          .summary = "Heads mix their scores and their weights (Shazeer et al., 2020)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return config.talking_heads ? std::make_unique<TalkingHeads>(scope) : nullptr;
          }};
}

}  // namespace heed
