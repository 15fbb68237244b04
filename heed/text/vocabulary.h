// The two-way table between pieces and ids that every tokenizer stands on.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heed {

class Vocabulary {
 public:
  // Ids by position: pieces[id]. The pieces must be unique, valid UTF-8 and not empty, and </s>,
  // <unk> and <pad> among them; errors (bad_data) name `source`.
  Vocabulary(std::vector<std::string> pieces, const std::string& source);

  // </s>, <unk>, the given pieces, <pad>. A given piece that spells a special one is left out.
  static Vocabulary with_specials(std::span<const std::string> pieces, const std::string& source);

  // Reads {"piece": id, …}. Errors (bad_data) name `source`: not such an object, a duplicate piece,
  // ids that are not exactly 0 … size - 1, more than size_limit pieces.
  static Vocabulary from_json(std::string_view text, const std::string& source);
  // The same object, in the order of the ids, one piece to a line.
  std::string to_json() const;

  int size() const { return static_cast<int>(pieces_.size()); }
  int end_id() const { return end_id_; }
  int unknown_id() const { return unknown_id_; }
  int pad_id() const { return pad_id_; }
  bool is_special(int id) const { return id == end_id_ || id == unknown_id_ || id == pad_id_; }

  // Error (failure) when the id is outside [0, size()).
  const std::string& piece(int id) const;
  // The id of a piece that text was cut into: unknown_id() when it is not in the vocabulary, and
  // also when it spells a special piece.
  int id_of_text(std::string_view piece) const;

  const std::vector<std::string>& pieces() const { return pieces_; }
  std::uint64_t fingerprint() const;

  static constexpr std::size_t size_limit = std::size_t{1} << 22;   // pieces
  static constexpr std::size_t piece_limit = std::size_t{1} << 12;  // bytes

 private:
  int required_id(std::string_view piece, const std::string& source) const;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> ids_;
  int end_id_ = 0;
  int unknown_id_ = 0;
  int pad_id_ = 0;
};

}  // namespace heed
