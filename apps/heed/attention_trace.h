// The attention weights of a loaded translator on one sentence.
#pragma once

#include <optional>
#include <string>

#include "heed/inspect/attention_stack.h"
#include "heed/interop/load_model.h"

namespace heed::app {

// The weights of a forward pass with the given translation, or else the best one that decoding
// finds. Rows of the decoder are named by the token that each is about to write, columns by the
// token read. Errors (bad_data): a sentence without tokens, or longer than the model takes.
AttentionView trace_attention(const LoadedModel& translator, const std::string& source,
                              const std::optional<std::string>& target,
                              const DecodingConfig& decoding, MatmulPrecision precision);

}  // namespace heed::app
