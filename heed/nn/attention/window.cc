#include "heed/nn/attention/window.h"

namespace heed {

namespace {

class Window : public AttentionPart {
 public:
  Window(int window, int dilation) : reach_(window * dilation), dilation_(dilation) {}

  void plan(AttentionPlan& plan, const Sequences&, ForwardContext&) const override {
    plan.reach_back = reach_;
    plan.reach_ahead = plan.causal ? -1 : reach_;
    plan.dilation = dilation_;
  }

 private:
  int reach_;
  int dilation_;
};

}  // namespace

AttentionKind window_kind() {
  return {.key = "topology",
          .name = "window",
          .summary = "Tokens at most a window away are seen (Beltagy et al., 2020)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<Window>(config.window, 1);
          }};
}

AttentionKind dilated_kind() {
  return {.key = "topology",
          .name = "dilated",
          .summary = "A window with gaps, which reaches farther (Beltagy et al., 2020)",
          .make = [](const AttentionConfig& config, const AttentionScope&) {
            return std::make_unique<Window>(config.window, config.dilation);
          }};
}

}  // namespace heed
