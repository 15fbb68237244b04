// What a tokenizer puts around a text.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/text/text_frame.h"

namespace heed {

// Of one text and of two, as the section `post_processor` of tokenizer.json says; and whether
// spans of tokens leave out the white space around them. Errors (bad_data) name `source` and the
// type that is not known, or what is wrong.
struct PostProcessor {
  TextFrame frame;
  bool trims_spans = false;
};
PostProcessor read_post_processor(const Json& json, const std::string& source);

// The ids that stand before a text, and those behind it.
std::vector<int> ids_before(const TextFrame& frame);
std::vector<int> ids_after(const TextFrame& frame);

}  // namespace heed
