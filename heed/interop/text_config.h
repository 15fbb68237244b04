// The keys of config.json and generation_config.json that models of text share: sizes of
// vocabularies, special ids, defaults of decoding. Plain functions: threads may call them at once.
#pragma once

#include <string>

#include "heed/base/json_forward.h"
#include "heed/generation/generate.h"
#include "heed/interop/model_kind.h"
#include "heed/text/tokenizer.h"

namespace heed {

// What a model directory says of its vocabularies. What it leaves out is as in a new model with
// these tokenizers. Errors (bad_data) name `source` and the key: ids outside the vocabularies,
// tokenizers with more pieces than the model has rows.
ModelVocabulary read_vocabulary(const Json& config, const ModelKind& kind,
                                const TokenizerPair& tokenizers, const std::string& source);
void write_vocabulary(const ModelVocabulary& vocabulary, const ModelKind& kind, Json& config);

// Errors (bad_data) name `source` and the key.
DecodingConfig read_generation_config(const Json& json, const std::string& source);
Json write_generation_config(const TextSymbols& symbols, const DecodingConfig& decoding);

}  // namespace heed
