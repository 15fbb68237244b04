// How BLEU cuts a line into tokens: the tokenizers of sacreBLEU 2.6.0 that need no model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed {

enum class BleuTokenizer {
  mteval_13a,     // "13a": WMT's mteval-v13a, for languages with Western punctuation; the default
  international,  // "intl": mteval-v14, every Unicode punctuation mark and symbol apart
  character,      // "char": each character a token
  none,           // "none": split at white space only, for text that is tokenized already
  chinese,        // "zh": each Chinese character a token, the rest as 13a
};

// The tokenizer that sacreBLEU's option and signature name so. Errors (usage): an unknown name.
BleuTokenizer parse_bleu_tokenizer(std::string_view name);
std::string_view bleu_tokenizer_name(BleuTokenizer tokenizer);

// The tokens of one line (lower-cased already, if that is wanted). International relies on ICU's
// general categories: characters younger than the installed ICU count as letters.
std::vector<std::u32string> tokenize_for_bleu(std::u32string_view line, BleuTokenizer tokenizer);

}  // namespace heed
