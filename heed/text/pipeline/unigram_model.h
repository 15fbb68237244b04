// The unigram model of SentencePiece (Kudo, "Subword regularization", 2018), as tokenizer.json has
// it: of all ways to spell a word the one whose pieces have the highest sum of scores.
//
// Thread-safety: see subword_model.h.
#pragma once

#include <string>
#include <vector>

#include "heed/text/pipeline/piece_trie.h"
#include "heed/text/pipeline/subword_model.h"

namespace heed {

class UnigramModel : public SubwordModel {
 public:
  // `scores` by id. `unknown_id` may be -1: a text with unknown characters is an error (bad_data)
  // then. Errors (bad_data) name `source`: scores that are not finite, an id outside.
  UnigramModel(PieceTable pieces, std::vector<double> scores, int unknown_id, bool byte_fallback,
               const std::string& source);

  void encode(std::string_view word, const ForbiddenIds* forbidden,
              std::vector<int>& ids) const override;
  bool makes(int id) const override { return id < pieces().size(); }
  int unknown_id() const override { return unknown_id_; }
  std::size_t length_of(int id, std::string_view rest, bool first) const override;
  std::string type() const override { return "Unigram"; }
  std::string to_json() const override;

 private:
  void spell_unknown(std::string_view text, const ForbiddenIds* forbidden,
                     std::vector<int>& ids) const;

  std::vector<double> scores_;
  int unknown_id_;
  bool byte_fallback_;
  std::vector<int> byte_ids_;
  PieceTrie trie_;
  double unknown_score_ = 0;
};

}  // namespace heed
