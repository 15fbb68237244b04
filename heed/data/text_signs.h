// Signs by which a line of text gives away that something happened to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heed {

// Whether the text looks like UTF-8 that was read as Windows-1252 and encoded again ("Ã¤" for "ä").
bool looks_doubly_encoded(std::span<const char32_t> text);

// Control characters but for the tab, and the invisible ones that do not belong between words.
bool has_control_character(std::span<const char32_t> text);

bool has_outer_white_space(std::span<const char32_t> text);

// How often the letters of each script occur; Han, Hiragana and Katakana count as one.
class ScriptCounts {
 public:
  void add(std::span<const char32_t> text);
  // The script (an ICU code) of most letters, -1 when there are none.
  int dominant() const;
  // Its share of the letters, 0 to 1.
  double share(int script) const;
  std::int64_t letters() const { return letters_; }

 private:
  std::unordered_map<int, std::int64_t> counts_;
  std::int64_t letters_ = 0;
};

// The English name of a script ("Latin").
std::string script_name(int script);

// Tells the two languages of a corpus apart by their frequent words. Filled from the corpus itself,
// it needs no knowledge of languages.
class LanguageContrast {
 public:
  void add_source(const std::vector<std::string>& words) { add(words, 0); }
  void add_target(const std::vector<std::string>& words) { add(words, 1); }

  // Ends the filling: keeps the words that are frequent on either side.
  void finish();

  // How much more a line looks like the source's language than the target's: the mean of the
  // logarithms of the words' frequency ratios; negative for the target's, 0 when too few words
  // tell.
  double lean(const std::vector<std::string>& words) const;

 private:
  void add(const std::vector<std::string>& words, std::size_t side);

  struct Counts {
    std::array<std::int64_t, 2> of_side{};
  };
  std::unordered_map<std::string, Counts> counts_;
  std::array<std::int64_t, 2> totals_{};
  std::unordered_map<std::string, double> leans_;
};

}  // namespace heed
