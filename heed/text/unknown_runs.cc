#include "heed/text/unknown_runs.h"

#include <algorithm>

#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr char32_t code_point_count = 0x110000;

// The bytes of the UTF-8 character that starts with `lead`.
std::size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

UnknownRuns::UnknownRuns(std::string_view model, const std::vector<ModelPiece>& pieces)
    : normalization_(normalization_table_of(model)), known_(code_point_count) {
  known_[U' '] = true;
  known_[U'\u2581'] = true;  // a space, as pieces show it
  for (const ModelPiece& piece : pieces) {
    spells_bytes_ = spells_bytes_ || piece.type == PieceType::byte;
    // The others stand for no text.
    const bool text = piece.type != PieceType::unknown && piece.type != PieceType::control;
    for (const char32_t character : text ? decode_utf8(piece.text) : std::vector<char32_t>()) {
      known_[character] = true;
    }
  }
}

bool UnknownRuns::knows_any_of(std::string_view text) const {
  const std::vector<char32_t> characters = decode_utf8(text);
  return std::any_of(characters.begin(), characters.end(),
                     [&](char32_t character) { return known_[character]; });
}

UnknownRuns::Unit UnknownRuns::unit_at(std::string_view line, std::size_t begin) const {
  const std::string_view rest = line.substr(begin);
  const NormalizationTable::Rewriting rewriting = normalization_.longest(rest);
  const std::size_t size = rewriting.size > 0 ? rewriting.size : utf8_length(rest.front());
  return {.begin = begin,
          .size = size,
          .unknown = !knows_any_of(rest.substr(0, size)) && !knows_any_of(rewriting.text),
          .vanishes = rewriting.size > 0 && rewriting.text.empty()};
}

std::string_view UnknownRuns::shorten(std::string_view line, std::string& buffer) const {
  if (spells_bytes_ || line.size() < shortest_line) {
    return line;
  }
  buffer.clear();
  std::size_t copied = 0;  // of the line, with its gaps
  std::vector<Unit> run;
  const auto end_run = [&] {
    if (const auto gap = gap_in(line, run)) {
      buffer.append(line.substr(copied, gap->begin - copied));
      copied = gap->end;
    }
    run.clear();
  };
  for (std::size_t begin = 0; begin < line.size();) {
    const Unit unit = unit_at(line, begin);
    begin = unit.end();
    if (unit.unknown) {
      run.push_back(unit);
    } else {
      end_run();
    }
  }
  end_run();
  return copied == 0 ? line : std::string_view(buffer.append(line.substr(copied)));
}

// Characters that vanish do not end a run, and are not counted.
std::optional<UnknownRuns::Gap> UnknownRuns::gap_in(std::string_view line,
                                                    const std::vector<Unit>& run) const {
  std::vector<std::size_t> seen;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (!run[i].vanishes) {
      seen.push_back(i);
    }
  }
  constexpr std::size_t half = kept / 2, attempts = 16;
  if (seen.size() <= kept + attempts) {
    return std::nullopt;
  }
  const std::size_t last = seen[half - 1];
  for (std::size_t i = 0; i < attempts; ++i) {
    const std::size_t next = seen[seen.size() - half - i];
    if (stays_as_it_is(line, run, last, next)) {
      return Gap{run[last].end(), run[next].begin};
    }
  }
  return std::nullopt;
}

// Whether the run's units up to `last` are the same when `next` follows: together, characters may
// be rewritten otherwise than alone.
bool UnknownRuns::stays_as_it_is(std::string_view line, const std::vector<Unit>& run,
                                 std::size_t last, std::size_t next) const {
  const std::size_t begin = run.front().begin;
  std::string joined(line.substr(begin, run[last].end() - begin));
  const std::size_t length = joined.size();
  joined += line.substr(run[next].begin, length);
  return std::all_of(
      run.begin(), run.begin() + static_cast<std::ptrdiff_t>(last) + 1,
      [&](const Unit& unit) { return unit_at(joined, unit.begin - begin).size == unit.size; });
}

}  // namespace heed
