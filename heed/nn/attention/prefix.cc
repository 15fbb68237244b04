#include "heed/nn/attention/prefix.h"
#include "heed/base/error.h"

namespace heed {

namespace {

class Prefix : public AttentionPart {
 public:
  void plan(AttentionPlan& plan, const Sequences& rows, ForwardContext&) const override {
    plan.prefix = rows.prefixes;
  }
};

}  // namespace

AttentionKind prefix_kind() {
  return {.key = "topology",
          .name = "prefix",
          .summary = "What came before, and all of a prefix (Raffel et al., 2020)",
          .make = [](const AttentionConfig&, const AttentionScope& scope) {
            check_usage(scope.causal,
                        "attention.topology prefix: {} sees everything already; a prefix is for "
                        "causal stacks",
                        scope.place.name());
            return std::make_unique<Prefix>();
          }};
}

}  // namespace heed
