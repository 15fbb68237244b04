#include "heed/text/pipeline/unigram_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/characters.h"

namespace heed {

namespace {

// By so much an unknown character is less likely than the least likely piece.
constexpr double unknown_penalty = 10.0;

// The best way to spell a text up to some place: its last piece.
struct BestEnd {
  double score = 0;
  std::size_t begin = std::string_view::npos;
  int id = -1;  // -1: an unknown character
};

}  // namespace

UnigramModel::UnigramModel(PieceTable pieces, std::vector<double> scores, int unknown_id,
                           bool byte_fallback, const std::string& source)
    : SubwordModel(std::move(pieces)),
      scores_(std::move(scores)),
      unknown_id_(unknown_id),
      byte_fallback_(byte_fallback),
      byte_ids_(byte_piece_ids(this->pieces())) {
  check_data(unknown_id_ < this->pieces().size(), "{}: unk_id {} is outside the vocabulary", source,
             unknown_id_);
  std::vector<std::pair<std::string_view, int>> entries;
  for (int id = 0; id < this->pieces().size(); ++id) {
    const double score = scores_[static_cast<std::size_t>(id)];
    check_data(std::isfinite(score) && std::abs(score) <= 1e9, "{}: piece {} has the score {}",
               source, id, score);
    entries.emplace_back(this->pieces().piece(id), id);
  }
  if (!scores_.empty()) {
    unknown_score_ = *std::ranges::min_element(scores_) - unknown_penalty;
  }
  trie_ = PieceTrie(std::move(entries));
}

void UnigramModel::encode(std::string_view word, const ForbiddenIds* forbidden,
                          std::vector<int>& ids) const {
  std::vector<BestEnd> best(word.size() + 1);
  const auto offer = [&](std::size_t begin, std::size_t end, double score, int id) {
    const double sum = best[begin].score + score;
    if (best[end].begin == std::string_view::npos || sum > best[end].score) {
      best[end] = {sum, begin, id};
    }
  };
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t next = character_at(word, begin).end;
    bool single = false;
    trie_.for_each_prefix(word.substr(begin), [&](std::size_t size, int id) {
      if (!is_forbidden(forbidden, id)) {
        offer(begin, begin + size, scores_[static_cast<std::size_t>(id)], id);
        single = single || begin + size == next;
      }
    });
    if (!single) {
      offer(begin, next, unknown_score_, unknown_id_);
    }
    begin = next;
  }
  // From the end to the beginning; neighbours that are unknown are one.
  const auto first = static_cast<std::ptrdiff_t>(ids.size());
  std::vector<int> spelled;
  for (std::size_t end = word.size(); end > 0;) {
    std::size_t begin = best[end].begin;
    if (best[end].id != unknown_id_) {
      ids.push_back(best[end].id);
    } else {
      while (begin > 0 && best[begin].id == unknown_id_) {
        begin = best[begin].begin;
      }
      spelled.clear();
      spell_unknown(word.substr(begin, end - begin), forbidden, spelled);
      ids.insert(ids.end(), spelled.rbegin(), spelled.rend());
    }
    end = begin;
  }
  std::reverse(ids.begin() + first, ids.end());
}

void UnigramModel::spell_unknown(std::string_view text, const ForbiddenIds* forbidden,
                                 std::vector<int>& ids) const {
  if (const int id = pieces().find(text); id >= 0 && !is_forbidden(forbidden, id)) {
    ids.push_back(id);
    return;
  }
  const auto id_of = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (byte_fallback_ && std::ranges::all_of(text, [&](char byte) { return id_of(byte) >= 0; })) {
    for (const char byte : text) {
      ids.push_back(id_of(byte));
    }
    return;
  }
  check_data(unknown_id_ >= 0, "tokenizer: \"{}\" is unknown, and there is no piece for that",
             text.substr(0, 100));
  ids.push_back(unknown_id_);
}

std::size_t UnigramModel::length_of(int id, std::string_view rest, bool first) const {
  const std::size_t length = SubwordModel::length_of(id, rest, first);
  const bool byte = byte_fallback_ && std::ranges::find(byte_ids_, id) != byte_ids_.end();
  return length == 0 && byte ? 1 : length;
}

std::string UnigramModel::to_json() const {
  std::string json =
      fmt::format("{{\"type\": \"Unigram\", \"unk_id\": {}, \"byte_fallback\": {}, \"vocab\": [",
                  unknown_id_ < 0 ? "null" : std::to_string(unknown_id_), byte_fallback_);
  for (int id = 0; id < pieces().size(); ++id) {
    json += fmt::format("{}\n[{}, {}]", id == 0 ? "" : ",", Json(pieces().piece(id)).dump(),
                        Json(scores_[static_cast<std::size_t>(id)]).dump());
  }
  return json + "]}";
}

}  // namespace heed
