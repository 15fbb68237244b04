// How the pieces of a tokenizer become text again.
//
// Thread-safety: functions from any thread; a PieceDecoder is const once made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heed/base/json_forward.h"

namespace heed {

// Pieces to parts of the text, which are put together with nothing between them.
using PieceDecoder = std::function<std::vector<std::string>(std::vector<std::string> pieces)>;

// The section `decoder` of tokenizer.json; null puts a space between pieces. What it gives need not
// be valid UTF-8. Errors (bad_data) name `source` and the type that is not known, or the key.
PieceDecoder make_decoder(const Json& json, const std::string& source);

}  // namespace heed
