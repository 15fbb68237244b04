#include "heed/nn/attention/sinks.h"

namespace heed {

namespace {

class Sinks : public AttentionPart {
 public:
  explicit Sinks(const AttentionScope& scope)
      : scores_({1, scope.heads}, Initial::zeros, false, scope.device) {}

  void add_terms(ops::AttentionTerms& terms) const override { terms.sinks = scores_.value; }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("sinks", scores_); }

 private:
  Parameter scores_;  // [1, heads]
};

}  // namespace

AttentionKind sinks_kind() {
  return {.key = "sinks",
          .summary = "A score per head that takes weight and has no value (Xiao et al., 2024)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return config.sinks ? std::make_unique<Sinks>(scope) : nullptr;
          }};
}

}  // namespace heed
