#include "heed/text/pipeline/piece_table.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/vocabulary.h"

namespace heed {

PieceTable::PieceTable(std::vector<std::string> pieces, const std::string& source)
    : pieces_(std::move(pieces)) {
  check_data(pieces_.size() <= Vocabulary::size_limit, "{}: {} pieces, more than {}", source,
             pieces_.size(), Vocabulary::size_limit);
  ids_.reserve(pieces_.size());
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    const std::string& piece = pieces_[id];
    if (piece.empty()) {
      continue;
    }
    check_data(piece.size() <= Vocabulary::piece_limit,
               "{}: the piece of id {} has {} bytes, more than {}", source, id, piece.size(),
               Vocabulary::piece_limit);
    check_data(!find_invalid_utf8(piece), "{}: the piece of id {} is not valid UTF-8", source, id);
    check_data(ids_.emplace(piece, static_cast<int>(id)).second,
               "{}: the piece \"{}\" occurs twice", source, piece);
  }
}

std::vector<int> byte_piece_ids(const PieceTable& pieces) {
  std::vector<int> ids;
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    ids.push_back(pieces.find(name));
  }
  return ids;
}

std::string vocabulary_json(const PieceTable& pieces) {
  std::string json = "{";
  for (int id = 0; id < pieces.size(); ++id) {
    if (!pieces.piece(id).empty()) {
      json +=
          fmt::format("{}\n{}: {}", json.size() > 1 ? "," : "", Json(pieces.piece(id)).dump(), id);
    }
  }
  return json + "}";
}

}  // namespace heed
