// Attention maps in the compact form that the pages' scripts draw from.
#pragma once

#include <vector>

#include "heed/base/json_forward.h"
#include "heed/inspect/attention_map.h"

namespace heed {

// [{title, kind, rows, columns, heads: [{layer, head, maximum, levels, entropy}]}]: the maps of one
// title and kind together; `head` is the number or the name; `levels` is base64 of
// quantise_weights. Errors (failure): weights that do not fit the labels, other tokens in maps of
// one title and kind.
Json attention_data(const std::vector<AttentionMap>& maps);

// {light, dark}: six hexadecimal digits per level of weight.
Json colour_data();

}  // namespace heed
