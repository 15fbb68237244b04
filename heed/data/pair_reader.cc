#include "heed/data/pair_reader.h"

#include <utility>

namespace heed {

namespace {

std::optional<Line> column_of(const Line& line, int column) {
  std::string_view rest = line.text;
  for (int current = 1; current < column; ++current) {
    const std::size_t tab = rest.find('\t');
    if (tab == std::string_view::npos) {
      return std::nullopt;
    }
    rest.remove_prefix(tab + 1);
  }
  Line result = line;
  result.text = rest.substr(0, rest.find('\t'));
  return result;
}

}  // namespace

std::optional<PossiblePair> PairReader::next() {
  for (;;) {
    if (source_ != nullptr) {
      if (auto pair = files_.table.empty() ? next_of_files() : next_of_table()) {
        pair->number = ++number_;
        return pair;
      }
    }
    if (!open_next()) {
      return std::nullopt;
    }
  }
}

bool PairReader::open_next() {
  const auto limit = static_cast<std::size_t>(files_.line_limit);
  const auto& first = files_.table.empty() ? files_.source : files_.table;
  if (file_ == first.size()) {
    return false;
  }
  source_ = std::make_unique<LineReader>(first[file_], limit);
  target_ =
      files_.table.empty() ? std::make_unique<LineReader>(files_.target[file_], limit) : nullptr;
  ++file_;
  return true;
}

std::optional<PossiblePair> PairReader::next_of_files() {
  PossiblePair pair;
  pair.source = source_->next_with_problem();
  pair.target = target_->next_with_problem();
  return pair.source || pair.target ? std::optional(pair) : std::nullopt;
}

std::optional<PossiblePair> PairReader::next_of_table() {
  const auto line = source_->next_with_problem();
  if (!line) {
    return std::nullopt;
  }
  PossiblePair pair;
  pair.source = column_of(*line, files_.source_column);
  pair.target = column_of(*line, files_.target_column);
  return pair;
}

}  // namespace heed
