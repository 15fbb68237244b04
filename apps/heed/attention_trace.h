// The attention weights of a loaded model: of a translator on one sentence, of a language model on
// a prompt and what it writes after it.
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

// The weights of a forward pass over a prompt and what the model writes after it, `tokens` at most,
// always the most probable; 0: the prompt alone. Rows and columns are the tokens read; what was
// written is the view's target. Errors (usage): an empty prompt, or one longer than the model
// takes.
AttentionView trace_prompt(const LoadedModel& model, const std::string& prompt, int tokens,
                           MatmulPrecision precision);

}  // namespace heed::app
