#include "heed/nn/attention/additive.h"

#include <cmath>

namespace heed {

namespace {

class AdditiveScore : public AttentionPart {
 public:
  explicit AdditiveScore(const AttentionScope& scope)
      : vectors_({scope.heads, scope.key_size}, Initial::xavier, true, scope.device),
        scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(scope.key_size)))) {}

  // The scale is that of positions that multiply with queries.
  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.scorer = AttentionScorer::additive;
    plan.scale = scale_;
  }
  void add_terms(ops::AttentionTerms& terms) const override { terms.additive = vectors_.value; }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("additive", vectors_); }

 private:
  Parameter vectors_;  // [heads, key size]
  float scale_;
};

}  // namespace

AttentionKind additive_kind() {
  return {.key = "kind",
          .name = "additive",
          .summary = "A learned vector times tanh of query plus key (Bahdanau et al., 2015)",
          .make = [](const AttentionConfig&, const AttentionScope& scope) {
            return std::make_unique<AdditiveScore>(scope);
          }};
}

}  // namespace heed
