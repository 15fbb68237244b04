#include "heed/text/tokenizer_kinds.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/phase.h"
#include "heed/text/byte_level_kind.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/character_tokenizer.h"
#include "heed/text/sentencepiece_kind.h"
#include "heed/text/vocabulary.h"
#include "heed/text/word_kind.h"
#include "heed/text/word_piece_kind.h"

namespace heed {

namespace {

// "a, b and c"
std::string tokenizer_kind_names() {
  std::string names;
  const std::vector<TokenizerKind>& kinds = tokenizer_kinds();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    names += (i == 0 ? "" : i + 1 < kinds.size() ? ", " : " and ") + kinds[i].name;
  }
  return names;
}

const TokenizerKind& kind_called(const std::string& name) {
  for (const TokenizerKind& kind : tokenizer_kinds()) {
    if (kind.name == name) {
      return kind;
    }
  }
  fail(ErrorKind::usage, "tokenizer.kind: '{}' is unknown; known are {}", name,
       tokenizer_kind_names());
}

}  // namespace

const std::vector<TokenizerKind>& tokenizer_kinds() {
  static const std::vector<TokenizerKind> kinds = {
      sentencepiece_kind("bpe"), sentencepiece_kind("unigram"), byte_level_kind(),
      word_piece_kind(),         word_tokenizer_kind(),         character_tokenizer_kind(),
      byte_tokenizer_kind(),
  };
  return kinds;
}

bool is_line_tokenizer(const std::string& kind) {
  const std::vector<TokenizerKind>& kinds = tokenizer_kinds();
  return std::any_of(kinds.begin(), kinds.end(), [&](const TokenizerKind& known) {
    return known.name == kind && known.by_line;
  });
}

const char* tokenizer_kind_help() {
  static const std::string help = [] {
    std::string text;
    for (const TokenizerKind& kind : tokenizer_kinds()) {
      text += (text.empty() ? "" : "; ") + kind.name + ": " + kind.summary;
    }
    return text;
  }();
  return help.c_str();
}

void check_tokenizer_config(const TokenizerConfig& config) {
  const TokenizerKind& kind = kind_called(config.kind);
  check_usage(config.vocabulary_size <= static_cast<int>(Vocabulary::size_limit),
              "tokenizer.vocabulary_size: {} is more than {}", config.vocabulary_size,
              Vocabulary::size_limit);
  check_usage(config.minimum_frequency >= 1, "tokenizer.minimum_frequency: {} is less than 1",
              config.minimum_frequency);
  check_usage(config.word_split == "punctuation" || config.word_split == "white_space",
              "tokenizer.word_split: '{}' is unknown; known are punctuation and white_space",
              config.word_split);
  check_usage(config.sample_lines >= 1, "tokenizer.sample_lines: {} is less than 1",
              config.sample_lines);
  kind.check(config);
}

TokenizerPair train_tokenizers(const TokenizerConfig& config, std::uint64_t seed,
                               const PairStream& corpus, const TextRemark& remark) {
  const Phase phase("learning the tokenizer");
  check_tokenizer_config(config);
  return kind_called(config.kind).train(config, seed, corpus, remark);
}

}  // namespace heed
