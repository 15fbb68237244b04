// All heads of a kind of attention side by side: a row a layer, a column a head, and the mean.
#pragma once

#include <string>

#include "heed/inspect/attention_stack.h"
#include "heed/inspect/colour_scale.h"
#include "heed/inspect/png.h"

namespace heed {

// As pixels; each map is coloured up to its own largest weight. A head that was pruned leaves its
// place empty. Errors: as for check_attention_stack.
Image draw_overview(const AttentionStack& stack, const std::string& title, Theme theme);

// As a standalone SVG picture that needs no script, font or network.
std::string render_overview(const AttentionStack& stack, const std::string& title, Theme theme);

}  // namespace heed
