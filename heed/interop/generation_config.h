// generation_config.json: the settings of a search as Transformers writes and reads them, and those
// that only heed has in a section of its own.
//
// Transformers counts the symbol that begins a text in `max_length`; heed does not.
// Thread-safety: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/generation/decoding_config.h"
#include "heed/text/text_symbols.h"

namespace heed {

struct GenerationDefaults {
  DecodingConfig decoding;
  std::vector<std::int32_t> suppressed;  // single tokens that are never chosen
  // What the file asks for and heed does not do, as "repetition_penalty 1.2".
  std::vector<std::string> not_done;
};

// `json`: of generation_config.json, or of a config.json that stands in for it; `vocabulary`: the
// number of ids. Errors (bad_data) name `source` and the key.
GenerationDefaults read_generation_config(const Json& json, std::int64_t vocabulary,
                                          const std::string& source);
Json write_generation_config(const TextSymbols& symbols, const DecodingConfig& decoding);

}  // namespace heed
