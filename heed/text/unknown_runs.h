// Long runs of characters that a SentencePiece model does not know.
//
// The library gives neighbours that it does not know as one <unk>, and copies the text of that one
// anew for each of them: its time grows with the square of the run. What such a run is made of does
// not change the ids, so long ones are shortened before the library sees them.
//
// Thread-safety: const once made; may be used from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/normalization_table.h"
#include "heed/text/sentencepiece_model.h"

namespace heed {

class UnknownRuns {
 public:
  // Shorter lines cost little, whatever they are made of, and stay as they are.
  static constexpr std::size_t shortest_line = 4096;  // bytes
  // How many characters of a run stay.
  static constexpr std::size_t kept = 512;

  // `model` is a serialized model that check_sentencepiece_model accepts, and `pieces` what it
  // gave.
  UnknownRuns(std::string_view model, const std::vector<ModelPiece>& pieces);

  // A line that the model gives the same ids as `line`, which is valid UTF-8: the line itself, or
  // one made in `buffer`. In linear time. A model that spells unknown characters in bytes gets the
  // line itself.
  std::string_view shorten(std::string_view line, std::string& buffer) const;

 private:
  // What the model's table rewrites at once, or a single character.
  struct Unit {
    std::size_t begin = 0;  // in the line, in bytes
    std::size_t size = 0;
    bool unknown = false;   // no character of it, rewritten or not, is in a piece
    bool vanishes = false;  // it is rewritten to nothing
    std::size_t end() const { return begin + size; }
  };
  struct Gap {
    std::size_t begin;
    std::size_t end;
  };

  Unit unit_at(std::string_view line, std::size_t begin) const;
  bool knows_any_of(std::string_view text) const;
  std::optional<Gap> gap_in(std::string_view line, const std::vector<Unit>& run) const;
  bool stays_as_it_is(std::string_view line, const std::vector<Unit>& run, std::size_t last,
                      std::size_t next) const;

  bool spells_bytes_ = false;
  NormalizationTable normalization_;
  std::vector<bool> known_;  // by code point: it is in a piece, or a space
};

}  // namespace heed
