#include "heed/text/pipeline/word_piece_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/characters.h"

namespace heed {

namespace {

int required_unknown(const PieceTable& pieces, const std::string& unknown,
                     const std::string& source) {
  const int id = pieces.find(unknown);
  check_data(id >= 0, "{}: the unknown piece \"{}\" is not in the vocabulary", source, unknown);
  return id;
}

}  // namespace

WordPieceModel::WordPieceModel(PieceTable pieces, std::string unknown, std::string prefix,
                               std::int64_t longest_word, const std::string& source)
    : SubwordModel(std::move(pieces)),
      unknown_id_(required_unknown(this->pieces(), unknown, source)),
      prefix_(std::move(prefix)),
      longest_word_(longest_word) {
  for (const std::string& piece : this->pieces().pieces()) {
    longest_piece_ = std::max(longest_piece_, piece.size());
  }
}

void WordPieceModel::encode(std::string_view word, const ForbiddenIds* forbidden,
                            std::vector<int>& ids) const {
  const auto characters = std::ranges::count_if(
      word, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; });
  const std::size_t first = ids.size();
  std::string candidate;
  for (std::size_t begin = 0; begin < word.size() && characters <= longest_word_;) {
    std::size_t end = std::min(word.size(), begin + longest_piece_);
    while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0u) == 0x80u) {
      ++end;
    }
    int id = -1;
    for (; end > begin; end = character_before(word, end)) {
      candidate = begin > 0 ? prefix_ : "";
      candidate += word.substr(begin, end - begin);
      id = pieces().find(candidate);
      if (id >= 0 && !is_forbidden(forbidden, id)) {
        break;
      }
    }
    if (end == begin) {
      ids.resize(first);
      break;
    }
    ids.push_back(id);
    begin = end;
  }
  if (ids.size() == first) {
    ids.push_back(unknown_id_);
  }
}

std::string WordPieceModel::to_json() const {
  return fmt::format(
      "{{\"type\": \"WordPiece\", \"unk_token\": {}, \"continuing_subword_prefix\": {}, "
      "\"max_input_chars_per_word\": {},\n\"vocab\": {}}}",
      Json(pieces().piece(unknown_id_)).dump(), Json(prefix_).dump(), longest_word_,
      vocabulary_json(pieces()));
}

// A word that is not spelled whole is unknown whole.
std::size_t WordPieceModel::length_of(int id, std::string_view rest, bool first) const {
  return id == unknown_id_ ? rest.size() : pieces().piece(id).size() - (first ? 0 : prefix_.size());
}

WordLevelModel::WordLevelModel(PieceTable pieces, const std::string& unknown,
                               const std::string& source)
    : SubwordModel(std::move(pieces)),
      unknown_id_(required_unknown(this->pieces(), unknown, source)) {}

void WordLevelModel::encode(std::string_view word, const ForbiddenIds* forbidden,
                            std::vector<int>& ids) const {
  const int id = pieces().find(word);
  ids.push_back(id >= 0 && !is_forbidden(forbidden, id) ? id : unknown_id_);
}

std::string WordLevelModel::to_json() const {
  return fmt::format("{{\"type\": \"WordLevel\", \"unk_token\": {},\n\"vocab\": {}}}",
                     Json(pieces().piece(unknown_id_)).dump(), vocabulary_json(pieces()));
}

}  // namespace heed
