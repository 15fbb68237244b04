// Unicode characters as tokens: </s> 0, <unk> 1, then those of the corpus, the frequent first, and
// <pad>.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/text/vocabulary.h"

namespace heed {

class CharacterTokenizer : public Tokenizer {
 public:
  // Error (bad_data), naming `source`: a piece of several characters that is no special one.
  CharacterTokenizer(Vocabulary vocabulary, const std::string& source);

  std::vector<int> encode(std::string_view line) const override;
  std::string decode(std::span<const int> ids) const override;
  std::string piece(int id) const override { return vocabulary_.piece(id); }
  int size() const override { return vocabulary_.size(); }
  int end_id() const override { return vocabulary_.end_id(); }
  int unknown_id() const override { return vocabulary_.unknown_id(); }
  int pad_id() const override { return vocabulary_.pad_id(); }
  // source.characters.json or target.characters.json: ["</s>", "<unk>", " ", "e", …].
  ModelFiles files(Side side) const override;
  std::string kind() const override { return "character"; }
  std::string tokenizer_class() const override { return class_name; }
  std::uint64_t fingerprint() const override;

  static constexpr const char* class_name = "HeedCharacterTokenizer";

 private:
  Vocabulary vocabulary_;
  std::vector<int> small_ids_;  // of characters below U+0800, which are most
  std::unordered_map<char32_t, int> ids_;
};

// The kind character.
TokenizerKind character_tokenizer_kind();

}  // namespace heed
