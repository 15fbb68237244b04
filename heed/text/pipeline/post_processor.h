// What a tokenizer puts around a text.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/base/json_forward.h"

namespace heed {

struct SurroundingIds {
  std::vector<int> before;
  std::vector<int> after;
};

// Of one text, as the section `post_processor` of tokenizer.json says. Errors (bad_data) name
// `source` and the type that is not known, or what is wrong.
SurroundingIds read_post_processor(const Json& json, const std::string& source);

}  // namespace heed
