// The keys of config.json that models of text share: sizes of vocabularies, special ids. Plain
// functions: threads may call them at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/model_kind.h"
#include "heed/text/tokenizer.h"

namespace heed {

// What a model directory says of its vocabularies. What it leaves out is as in a new model with
// these tokenizers. Errors (bad_data) name `source` and the key: ids outside the vocabularies,
// tokenizers with more pieces than the model has rows. Ids that the tokenizers lack are
// suppressed.
ModelVocabulary read_vocabulary(const Json& config, const ModelKind& kind,
                                const TokenizerPair& tokenizers, const std::string& source);
// The symbols that end a text, as eos_token_id says: one, a list of them, or none. Errors
// (bad_data) name the file: ids outside a vocabulary of `size`.
std::vector<std::int32_t> read_ends(const ConfigReader& reader, std::int64_t size);
// The first is what texts are ended with; none: as it was.
void set_ends(TextSymbols& symbols, const std::vector<std::int32_t>& ends);
void write_vocabulary(const ModelVocabulary& vocabulary, const ModelKind& kind, Json& config);

}  // namespace heed
