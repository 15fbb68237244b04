// The pieces of a tokenizer by id, and ids by piece. Unlike those of a Vocabulary, none of them has
// to be there, and ids may be left out.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heed {

class PieceTable {
 public:
  PieceTable() = default;
  // pieces[id]; an id without a piece has an empty one. Errors (bad_data) name `source`: a piece
  // that occurs twice, is not valid UTF-8 or longer than Vocabulary::piece_limit, too many pieces.
  PieceTable(std::vector<std::string> pieces, const std::string& source);
  PieceTable(const PieceTable&) = delete;
  PieceTable& operator=(const PieceTable&) = delete;
  PieceTable(PieceTable&&) = default;
  PieceTable& operator=(PieceTable&&) = default;

  // One more than the highest id.
  int size() const { return static_cast<int>(pieces_.size()); }
  const std::vector<std::string>& pieces() const { return pieces_; }
  const std::string& piece(int id) const { return pieces_[static_cast<std::size_t>(id)]; }
  // -1 when it is none.
  int find(std::string_view piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }

 private:
  std::vector<std::string> pieces_;
  std::unordered_map<std::string_view, int> ids_;  // views into pieces_, whose elements stay
};

// The ids of the pieces <0x00> … <0xFF>, -1 where there is none.
std::vector<int> byte_piece_ids(const PieceTable& pieces);

// {"piece": id, …}, a piece to a line.
std::string vocabulary_json(const PieceTable& pieces);

}  // namespace heed
