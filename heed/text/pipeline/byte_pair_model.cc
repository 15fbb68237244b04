#include "heed/text/pipeline/byte_pair_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/byte_level.h"
#include "heed/text/characters.h"
#include "heed/text/vocabulary.h"

namespace heed {

namespace {

std::vector<MergeTable::Merge> ids_of_merges(const PieceTable& pieces, const PiecePairs& merges,
                                             const std::string& prefix, const std::string& source) {
  std::vector<MergeTable::Merge> result;
  result.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const bool prefixed = !prefix.empty() && right.starts_with(prefix);
    const std::string merged = left + (prefixed ? right.substr(prefix.size()) : right);
    const MergeTable::Merge merge{pieces.find(left), pieces.find(right), pieces.find(merged)};
    check_data(merge.left >= 0 && merge.right >= 0,
               "{}: merge {} joins \"{}\" and \"{}\", which are not both in the vocabulary", source,
               rank + 1, left, right);
    check_data(merge.merged >= 0, "{}: merge {} makes \"{}\", which is not in the vocabulary",
               source, rank + 1, merged);
    result.push_back(merge);
  }
  return result;
}

}  // namespace

BytePairModel::BytePairModel(PieceTable pieces, const PiecePairs& merges, BytePairOptions options,
                             bool spells_bytes, const std::string& source)
    : SubwordModel(std::move(pieces)),
      merges_(ids_of_merges(this->pieces(), merges, options.continuing_subword_prefix, source)),
      table_(merges_),
      options_(std::move(options)),
      spells_bytes_(spells_bytes && options_.continuing_subword_prefix.empty() &&
                    options_.end_of_word_suffix.empty()) {
  const PieceTable& table = this->pieces();
  if (!options_.unknown.empty()) {
    unknown_id_ = table.find(options_.unknown);
    // Some files name one that is not there: bytes need none.
    check_data(unknown_id_ >= 0 || spells_bytes_,
               "{}: the unknown piece \"{}\" is not in the vocabulary", source, options_.unknown);
  }
  if (spells_bytes_) {
    for (const std::string& character : byte_characters()) {
      byte_ids_.push_back(table.find(character));
    }
  } else if (options_.byte_fallback) {
    byte_ids_ = byte_piece_ids(table);
  }
  makes_.resize(static_cast<std::size_t>(table.size()));
  for (const MergeTable::Merge& merge : merges_) {
    makes_[static_cast<std::size_t>(merge.merged)] = true;
  }
  for (int id = 0; id < table.size(); ++id) {
    const std::string& piece = table.piece(id);
    if (!piece.empty() && character_at(piece, 0).end == piece.size()) {
      makes_[static_cast<std::size_t>(id)] = true;
    }
  }
}

void BytePairModel::encode(std::string_view word, const ForbiddenIds* forbidden,
                           std::vector<int>& ids) const {
  // What the cache knows was found without anything forbidden.
  const bool cached = forbidden == nullptr && word.size() <= WordCache::longest_word;
  const std::uint64_t hash = cached ? WordCache::hash(word) : 0;
  if (cached && cache_->find(word, hash, ids)) {
    return;
  }
  std::vector<int> symbols;
  merge(word, forbidden, symbols);
  ids.insert(ids.end(), symbols.begin(), symbols.end());
  if (cached) {
    cache_->add(word, hash, symbols);
  }
}

std::optional<int> BytePairModel::whole_piece(std::string_view word,
                                              const ForbiddenIds* forbidden) const {
  if (!options_.ignore_merges || word.size() > Vocabulary::piece_limit) {
    return std::nullopt;
  }
  const int id = spells_bytes_ ? pieces().find(spell_bytes(word)) : pieces().find(word);
  return id >= 0 && !is_forbidden(forbidden, id) ? std::optional(id) : std::nullopt;
}

void BytePairModel::merge(std::string_view word, const ForbiddenIds* forbidden,
                          std::vector<int>& symbols) const {
  if (const auto id = whole_piece(word, forbidden)) {
    symbols.push_back(*id);
    return;
  }
  symbols.reserve(word.size());
  std::optional<int> pending;  // an unknown character that may be fused with the next
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t end = spells_bytes_ ? begin + 1 : character_at(word, begin).end;
    add_character(word, begin, end, pending, symbols);
    begin = end;
  }
  if (pending) {
    symbols.push_back(*pending);
  }
  table_.apply(symbols);
  if (forbidden != nullptr) {
    take_apart(*forbidden, symbols);
  }
}

// What a character of a word begins with. `pending` is an unknown one before it that has not been
// added yet, as in Hugging Face's `tokenizers`.
void BytePairModel::add_character(std::string_view word, std::size_t begin, std::size_t end,
                                  std::optional<int>& pending, std::vector<int>& symbols) const {
  const std::string_view character = word.substr(begin, end - begin);
  const auto byte_id = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  std::string decorated;
  int id = -1;
  if (spells_bytes_) {
    id = byte_id(character.front());
  } else if (options_.continuing_subword_prefix.empty() && options_.end_of_word_suffix.empty()) {
    id = pieces().find(character);
  } else {
    decorated = (begin > 0 ? options_.continuing_subword_prefix : "") + std::string(character) +
                (end == word.size() ? options_.end_of_word_suffix : "");
    id = pieces().find(decorated);
  }
  if (id >= 0) {
    if (pending) {
      symbols.push_back(*std::exchange(pending, std::nullopt));
    }
    symbols.push_back(id);
    return;
  }
  const std::string_view bytes = decorated.empty() ? character : std::string_view(decorated);
  if (options_.byte_fallback && !spells_bytes_ &&
      std::ranges::all_of(bytes, [&](char byte) { return byte_id(byte) >= 0; })) {
    for (const char byte : bytes) {
      symbols.push_back(byte_id(byte));
    }
    return;
  }
  if (unknown_id_ >= 0) {
    if (pending && !options_.fuse_unknown) {
      symbols.push_back(*pending);
    }
    pending = unknown_id_;
  }
}

// Forbidden pieces that merges made, back into their characters.
void BytePairModel::take_apart(const ForbiddenIds& forbidden, std::vector<int>& symbols) const {
  std::vector<int> result;
  for (const int symbol : symbols) {
    if (symbol == unknown_id_ || !is_forbidden(&forbidden, symbol)) {
      result.push_back(symbol);
      continue;
    }
    const std::string& piece = pieces().piece(symbol);
    for (std::size_t begin = 0; begin < piece.size();) {
      const std::size_t end = character_at(piece, begin).end;
      int id = pieces().find(std::string_view(piece).substr(begin, end - begin));
      id = id >= 0 && is_forbidden(&forbidden, id) ? unknown_id_ : id;
      if (id >= 0) {
        result.push_back(id);
      }
      begin = end;
    }
  }
  symbols = std::move(result);
}

bool BytePairModel::spells_everything() const {
  return spells_bytes_ && std::ranges::all_of(byte_ids_, [](int id) { return id >= 0; });
}

bool BytePairModel::makes(int id) const {
  return id < pieces().size() && !pieces().piece(id).empty() &&
         (options_.ignore_merges || makes_[static_cast<std::size_t>(id)]);
}

std::size_t BytePairModel::length_of(int id, std::string_view rest, bool first) const {
  const std::string& piece = pieces().piece(id);
  if (spells_bytes_) {  // a character each
    return static_cast<std::size_t>(std::ranges::count_if(
        piece, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; }));
  }
  if (options_.byte_fallback && !rest.starts_with(piece) &&
      std::ranges::find(byte_ids_, id) != byte_ids_.end()) {
    return 1;
  }
  std::string_view text = piece;
  if (!first && text.starts_with(options_.continuing_subword_prefix)) {
    text.remove_prefix(options_.continuing_subword_prefix.size());
  }
  if (!rest.starts_with(text) && text.ends_with(options_.end_of_word_suffix)) {
    text.remove_suffix(options_.end_of_word_suffix.size());
  }
  return rest.starts_with(text) ? text.size() : 0;
}

std::string BytePairModel::to_json() const {
  const auto text = [](const std::string& piece) { return Json(piece).dump(); };
  const auto optional = [&](const std::string& piece) {
    return piece.empty() ? "null" : text(piece);
  };
  std::string json = fmt::format(
      "{{\"type\": \"BPE\", \"dropout\": null, \"unk_token\": {}, "
      "\"continuing_subword_prefix\": {}, \"end_of_word_suffix\": {}, \"fuse_unk\": {}, "
      "\"byte_fallback\": {}, \"ignore_merges\": {},\n\"vocab\": {},\n\"merges\": [",
      optional(options_.unknown), optional(options_.continuing_subword_prefix),
      optional(options_.end_of_word_suffix), options_.fuse_unknown, options_.byte_fallback,
      options_.ignore_merges, vocabulary_json(pieces()));
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    json += fmt::format("{}\n[{}, {}]", i == 0 ? "" : ",", text(pieces().piece(merges_[i].left)),
                        text(pieces().piece(merges_[i].right)));
  }
  return json + "]}";
}

}  // namespace heed
