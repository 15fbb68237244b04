// The files of the tokenizers of a model.
//
//   TokenizerPair tokenizers = load_tokenizers("run/model");  // or load_tokenizers(files)
//   ModelFiles files = tokenizer_files(tokenizers);
//
// A model directory holds tokenizer_config.json, which names the tokenizer_class, and
//   MarianTokenizer (sentencepiece-*):  source.spm, target.spm, vocab.json, and target_vocab.json
//                                       when the vocabularies are separate: what Transformers
//                                       reads;
//   HeedWordTokenizer:                  source.vocab.json, target.vocab.json;
//   HeedCharacterTokenizer:             source.characters.json, target.characters.json;
//   HeedByteTokenizer:                  nothing else.
// A directory without tokenizer_config.json, but with source.spm, is a MarianTokenizer's. Under any
// other class, or none, it is a language model's, whose two sides are one:
//   tokenizer.json                      of Hugging Face's `tokenizers`, or else
//   vocab.json with merges.txt          byte-level pairs, as of GPT-2 and RoBERTa, or else
//   tokenizer.model, spiece.model       SentencePiece with its own ids, as of LLaMA, or of T5, or
//   vocab.txt                           WordPiece, as of BERT.
// What stands around their texts, and which ids are special, is also read from
// tokenizer_config.json and special_tokens_map.json.
//
// Everything here may be called from several threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "heed/base/model_files.h"
#include "heed/text/tokenizer.h"

namespace heed {

// Files to be read: those of a directory, or some that are in memory.
class TokenizerFiles {
 public:
  explicit TokenizerFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  // `source` names them in messages.
  TokenizerFiles(ModelFiles files, std::string source)
      : directory_(std::move(source)), files_(std::move(files)), in_memory_(true) {}

  bool has(const std::string& name) const;
  // Errors: input_output (missing, unreadable), bad_data (more than `limit` bytes).
  std::string read(const std::string& name, std::uint64_t limit) const;
  // How messages name the file.
  std::string source_of(const std::string& name) const { return (directory_ / name).string(); }
  std::string source() const { return directory_.string(); }

 private:
  std::filesystem::path directory_;
  ModelFiles files_;
  bool in_memory_ = false;
};

// Errors name the file: input_output (missing, unreadable), bad_data (damaged, of a class that is
// not known here).
TokenizerPair load_tokenizers(const TokenizerFiles& files);
TokenizerPair load_tokenizers(const std::filesystem::path& directory);

// tokenizer_config.json and both sides' files.
ModelFiles tokenizer_files(const TokenizerPair& tokenizers);

// Writes them into an existing directory.
void save_tokenizers(const TokenizerPair& tokenizers, const std::filesystem::path& directory);

}  // namespace heed
