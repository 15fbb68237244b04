// How a tokenizer cuts a text into words.
//
// Thread-safety: functions from any thread; a PreTokenizer is const once made.
#pragma once

#include <functional>
#include <string>

#include "heed/base/json_forward.h"
#include "heed/text/pipeline/words.h"

namespace heed {

// An empty function leaves the text in one piece.
using PreTokenizer = std::function<void(WordList& words)>;

// The section `pre_tokenizer` of tokenizer.json. `leaves_bytes`: a ByteLevel at the end does not
// write bytes as characters, for a model that takes bytes. Errors (bad_data) name `source` and the
// type that is not known, or the key.
PreTokenizer make_pre_tokenizer(const Json& json, bool leaves_bytes, const std::string& source);

// Whether the last step is a ByteLevel.
bool ends_in_bytes(const Json& json);

// Whether it is nothing but GPT-2's: a ByteLevel that splits and prepends no space.
bool is_plain_byte_level(const Json& json);

}  // namespace heed
