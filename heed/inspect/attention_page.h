// The page that shows all attention weights of one forward pass.
#pragma once

#include <optional>
#include <string>

#include "heed/inspect/attention_stack.h"
#include "heed/inspect/colour_scale.h"

namespace heed {

// What the page shows first; what is not given is up to the page.
struct AttentionPageStart {
  std::string stack;  // its name: "cross"; empty: the last one
  std::optional<int> layer;
  std::optional<HeadChoice> head;
  std::optional<Theme> theme;
};

// One self-contained page: for each kind of attention an overview of all layers and heads with
// their entropy, the mean and the maximum over heads and, for self-attention, the rollout; the
// chosen one as a large map or as lines between the tokens. Weights are quantised to 255 levels of
// each map's largest. Errors: as for check_attention_stack and choose_map.
std::string render_attention_page(const AttentionView& view, const AttentionPageStart& start = {});

}  // namespace heed
