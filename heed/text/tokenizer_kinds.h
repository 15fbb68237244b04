// The kinds of tokenizers: how each is learned, and how it is told from its files and read.
//
//   TokenizerPair tokenizers = train_tokenizers(config, seed, corpus);
//
// A kind is a function that gives its TokenizerKind, in a pair of files of its own, and a line in
// tokenizer_kinds.cc. Everything here may be called from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_config.h"
#include "heed/text/tokenizer_files.h"

namespace heed {

using PairVisitor = std::function<void(std::string_view source, std::string_view target)>;

// Calls the visitor once for each pair of a parallel corpus, in order.
using PairStream = std::function<void(const PairVisitor&)>;

// Is told, a sentence each time, what a tokenizer could not learn from as it is.
using TextRemark = std::function<void(const std::string&)>;

struct TokenizerKind {
  std::string name;     // tokenizer.kind of a recipe
  std::string summary;  // in a few words
  std::string
      tokenizer_class;   // of tokenizer_config.json; kinds that files do not tell apart share it
  bool by_line = false;  // takes a line each time, and knows no line breaks

  // Checks the keys that this kind reads, and that those that it does not read are not set. Errors
  // (usage) name the key.
  void (*check)(const TokenizerConfig& config);

  // See train_tokenizers.
  TokenizerPair (*train)(const TokenizerConfig& config, std::uint64_t seed,
                         const PairStream& corpus, const TextRemark& remark);

  // Whether files without tokenizer_config.json are this kind's. Null: they never are.
  bool (*recognises)(const TokenizerFiles& files) = nullptr;

  // Reads both sides; `separate`: they have vocabularies of their own. Errors as for
  // load_tokenizers.
  TokenizerPair (*load)(const TokenizerFiles& files, bool separate) = nullptr;
};

const std::vector<TokenizerKind>& tokenizer_kinds();

// TokenizerKind::by_line of a kind; false for one that is not among them.
bool is_line_tokenizer(const std::string& kind);

// Learns both sides from the corpus, which is read at most once and never held whole:
// sentencepiece-* keeps a sample of config.sample_lines pairs drawn by the seed, byte-level-bpe,
// wordpiece, word and character keep counts, byte and given model files need no corpus. `remark`,
// if there is one, is told what was cut or left out. Errors: usage and bad_data as for the parts.
TokenizerPair train_tokenizers(const TokenizerConfig& config, std::uint64_t seed,
                               const PairStream& corpus, const TextRemark& remark = {});

}  // namespace heed
