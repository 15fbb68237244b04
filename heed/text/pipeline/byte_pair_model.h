// Byte-pair encoding, as tokenizer.json and vocab.json with merges.txt describe it.
//
// Thread-safety: see subword_model.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "heed/text/pipeline/merge_table.h"
#include "heed/text/pipeline/subword_model.h"
#include "heed/text/pipeline/word_cache.h"

namespace heed {

struct BytePairOptions {
  std::string unknown;                    // a piece; empty: unknown characters are left out
  std::string continuing_subword_prefix;  // of every character of a word but the first
  std::string end_of_word_suffix;         // of the last character
  bool fuse_unknown = false;              // one <unk> for neighbours that are unknown
  bool byte_fallback = false;             // unknown characters as <0x00> … <0xFF>
  bool ignore_merges = false;             // a word that is a piece is that piece
};

using PiecePairs = std::vector<std::pair<std::string, std::string>>;

class BytePairModel : public SubwordModel {
 public:
  // `spells_bytes`: words come as bytes, which the pieces spell in byte_characters(). Errors
  // (bad_data) name `source`: a merge of pieces, or into one, that are not in the table; an unknown
  // piece that is not.
  BytePairModel(PieceTable pieces, const PiecePairs& merges, BytePairOptions options,
                bool spells_bytes, const std::string& source);

  void encode(std::string_view word, const ForbiddenIds* forbidden,
              std::vector<int>& ids) const override;
  bool makes(int id) const override;
  int unknown_id() const override { return unknown_id_; }
  std::size_t length_of(int id, std::string_view rest, bool first) const override;
  std::string type() const override { return "BPE"; }
  std::string to_json() const override;
  // Whether words come as bytes.
  bool spells_bytes() const { return spells_bytes_; }
  // Whether it can spell every text, so that nothing is unknown to it.
  bool spells_everything() const;

 private:
  std::optional<int> whole_piece(std::string_view word, const ForbiddenIds* forbidden) const;
  void merge(std::string_view word, const ForbiddenIds* forbidden, std::vector<int>& symbols) const;
  void add_character(std::string_view word, std::size_t begin, std::size_t end,
                     std::optional<int>& pending, std::vector<int>& symbols) const;
  void take_apart(const ForbiddenIds& forbidden, std::vector<int>& symbols) const;

  std::vector<MergeTable::Merge> merges_;
  MergeTable table_;
  BytePairOptions options_;
  bool spells_bytes_;
  int unknown_id_ = -1;
  std::vector<int> byte_ids_;  // of each byte: its character, or <0x..> for byte_fallback
  std::vector<bool> makes_;    // by id: a merge makes it, or a single character
  std::unique_ptr<WordCache> cache_ = std::make_unique<WordCache>();
};

}  // namespace heed
