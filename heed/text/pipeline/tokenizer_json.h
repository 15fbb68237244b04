// tokenizer.json, the file of Hugging Face's `tokenizers`.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/text/pipeline/byte_pair_model.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"

namespace heed {

// Settings for truncation and padding are passed over. Errors (bad_data) name `source`, the section
// and what is wrong or not known here.
PipelineSteps read_tokenizer_json(std::string_view text, const std::string& source);

// Parts that other files share with it: {"piece": id, …} as pieces by id, with an empty piece where
// an id is left out; merges as lines of two pieces; and one of those, "a b". Errors as above.
std::vector<std::string> pieces_by_id(const Json& vocabulary, const std::string& source);
std::pair<std::string, std::string> read_merge(std::string_view merge, std::size_t number,
                                               const std::string& source);
PiecePairs read_merge_lines(std::string_view text, const std::string& source);

}  // namespace heed
