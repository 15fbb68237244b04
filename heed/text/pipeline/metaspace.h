// Spaces as a character that can be seen, as SentencePiece writes them ("▁").
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/text/pipeline/pre_tokenizers.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

enum class PrependScheme { always, first, never };

struct Metaspace {
  std::string replacement = "▁";
  PrependScheme prepend = PrependScheme::always;  // a space before words, or the text
  bool split = true;
};

// Of a pre-tokenizer or a decoder. Errors (bad_data) name the key.
Metaspace read_metaspace(const StepReader& step);

PreTokenizer metaspace_splitter(const Metaspace& metaspace);

// The pieces of a text back to what it had.
std::vector<std::string> without_metaspace(std::vector<std::string> pieces,
                                           const Metaspace& metaspace);

}  // namespace heed
