// WordPiece, as BERT uses it (Devlin et al., 2019): the longest piece that a word begins with, then
// the longest that goes on, and so forth. And whole words alone (WordLevel).
//
// Thread-safety: see subword_model.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/text/pipeline/subword_model.h"

namespace heed {

class WordPieceModel : public SubwordModel {
 public:
  // `prefix` stands before pieces that go on; words of more than `longest_word` characters are
  // unknown. Error (bad_data): the unknown piece is not in the table.
  WordPieceModel(PieceTable pieces, std::string unknown, std::string prefix,
                 std::int64_t longest_word, const std::string& source);

  void encode(std::string_view word, const ForbiddenIds* forbidden,
              std::vector<int>& ids) const override;
  bool makes(int id) const override { return id < pieces().size(); }
  int unknown_id() const override { return unknown_id_; }
  std::size_t length_of(int id, std::string_view rest, bool first) const override;
  std::string type() const override { return "WordPiece"; }
  std::string to_json() const override;

 private:
  int unknown_id_;
  std::string prefix_;
  std::int64_t longest_word_;
  std::size_t longest_piece_ = 0;  // bytes
};

class WordLevelModel : public SubwordModel {
 public:
  // Error (bad_data): as above.
  WordLevelModel(PieceTable pieces, const std::string& unknown, const std::string& source);

  void encode(std::string_view word, const ForbiddenIds* forbidden,
              std::vector<int>& ids) const override;
  bool makes(int id) const override { return id < pieces().size(); }
  int unknown_id() const override { return unknown_id_; }
  std::size_t length_of(int, std::string_view rest, bool) const override { return rest.size(); }
  std::string type() const override { return "WordLevel"; }
  std::string to_json() const override;

 private:
  int unknown_id_;
};

}  // namespace heed
