// Makes, saves and loads the tokenizers of a translation model.
//
// A model directory holds tokenizer_config.json, which names the tokenizer_class, and
//   MarianTokenizer (sentencepiece-*):  source.spm, target.spm, vocab.json, and target_vocab.json
//                                       when the vocabularies are separate: what Transformers
//                                       reads;
//   HeedWordTokenizer:                  source.vocab.json, target.vocab.json;
//   HeedByteTokenizer:                  nothing else.
// A directory without tokenizer_config.json, but with source.spm, is a MarianTokenizer's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_config.h"

namespace heed {

using PairVisitor = std::function<void(std::string_view source, std::string_view target)>;

// Calls the visitor once for each pair of a parallel corpus, in order.
using PairStream = std::function<void(const PairVisitor&)>;

// Learns both sides from the corpus, which is read at most once and never held whole:
// sentencepiece-* keeps a sample of config.sample_lines pairs drawn by the seed, word keeps counts,
// byte and given model files need no corpus. Errors: usage and bad_data as for the parts.
TokenizerPair train_tokenizers(const TokenizerConfig& config, std::uint64_t seed,
                               const PairStream& corpus);

// Writes tokenizer_config.json and both sides' files into an existing directory.
void save_tokenizers(const TokenizerPair& tokenizers, const std::filesystem::path& directory);

// Errors name the file: input_output (missing, unreadable), bad_data (damaged, of a class that is
// not known here).
std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& directory, Side side);
TokenizerPair load_tokenizers(const std::filesystem::path& directory);

}  // namespace heed
