#include "heed/data/corpus_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/phase.h"
#include "heed/base/unicode.h"
#include "heed/data/finding_list.h"
#include "heed/data/held_out.h"
#include "heed/data/pair_reader.h"
#include "heed/data/text_signs.h"
#include "heed/text/fingerprint.h"
#include "heed/text/word_tokenizer.h"

namespace heed {

namespace {

// A line leans to the other language when its words are, on average, this many times more frequent
// there: e^1.5, about 4.5.
constexpr double lean_threshold = 1.5;
// A ratio of lengths is an outlier when it is this many times the usual one, and far outside its
// spread.
constexpr double ratio_factor = 3.0;
constexpr double ratio_deviations = 5.0;
constexpr std::int32_t ratio_characters = 20;  // of the longer side; short lines vary much
constexpr double script_share = 0.9;           // what makes a script the usual one of a side

// What is remembered of a pair.
struct PairFacts {
  std::uint64_t source_hash = 0;
  std::uint64_t target_hash = 0;
  std::int32_t source_words = 0;
  std::int32_t target_words = 0;
  std::int32_t source_characters = 0;
  std::int32_t target_characters = 0;
};

// Of the lengths, in order, behind so many zeros.
std::int64_t percentile(const std::vector<std::int32_t>& sorted, std::size_t zeros, double share) {
  const auto all = static_cast<double>(sorted.size() + zeros);
  const auto rank = std::max<std::size_t>(static_cast<std::size_t>(std::ceil(share * all)), 1);
  return rank <= zeros ? 0 : sorted[rank - zeros - 1];
}

LengthSummary summarise(std::vector<std::int32_t> lengths, std::size_t zeros) {
  LengthSummary summary;
  if (lengths.empty()) {
    return summary;
  }
  std::sort(lengths.begin(), lengths.end());
  const auto sum = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  summary.mean = static_cast<double>(sum) / static_cast<double>(lengths.size() + zeros);
  summary.median = percentile(lengths, zeros, 0.5);
  summary.percentile_90 = percentile(lengths, zeros, 0.9);
  summary.percentile_99 = percentile(lengths, zeros, 0.99);
  summary.longest = lengths.back();
  return summary;
}

template <typename T>
T median_of(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class CorpusChecker {
 public:
  CorpusChecker(const CorpusFiles& files, int examples, std::span<const ParallelCorpus> held_out)
      : files_(files), examples_(examples), findings_(examples), held_out_(held_out) {}

  CorpusReport run() {
    read_lines();
    contrast_.finish();
    find_duplicates();
    held_out_.report(findings_);
    find_length_ratios();
    compare_languages();
    summarise_side(report_.source, files_.table.empty() ? files_.source : files_.table,
                   &PairFacts::source_words, &PairFacts::source_characters);
    summarise_side(report_.target, files_.table.empty() ? files_.target : files_.table,
                   &PairFacts::target_words, &PairFacts::target_characters);
    report_.findings = findings_.take();
    return std::move(report_);
  }

 private:
  // The first pass: each line by itself, and what the others are measured against.
  void read_lines() {
    PairReader reader(files_);
    while (const auto pair = reader.next()) {
      check_data(
          pair->number <= checked_pair_limit,
          "{}: more than {} pairs, which are compared with one another at most; check a part",
          files_.table.empty() ? files_.source.front() : files_.table.front(), checked_pair_limit);
      const bool source = accept(pair->source, "source", pair->number, report_.source.lines);
      const bool target = accept(pair->target, "target", pair->number, report_.target.lines);
      if (!pair->source || !pair->target) {
        if (!files_.table.empty()) {
          findings_.add(FindingKind::missing_column, pair->number,
                        pair->source ? "the target's" : "the source's");
        }
        continue;
      }
      ++report_.pairs;
      if (source && target && pair->source->text.empty() && pair->target->text.empty()) {
        ++empty_pairs_;
        findings_.add(FindingKind::empty_both, pair->number, "");
        continue;
      }
      facts_.emplace_back();
      numbers_.push_back(pair->number);
      if (source && target) {
        check_pair(pair->number, pair->source->text, pair->target->text);
      }
    }
    if (report_.source.lines != report_.target.lines && files_.table.empty()) {
      findings_.add(FindingKind::line_counts, report_.pairs + 1,
                    fmt::format("{} source lines, {} target lines", report_.source.lines,
                                report_.target.lines));
    }
    if (report_.source.lines == 0 && report_.target.lines == 0) {
      findings_.add(FindingKind::no_lines, 0, "");
    }
  }

  // Counts the line; false when it is there but no text.
  bool accept(const std::optional<Line>& line, const char* side, std::int64_t number,
              std::int64_t& lines) {
    if (!line) {
      return false;
    }
    ++lines;
    const auto note = [&] {
      return fmt::format("{}, byte {}: {}", side, line->problem_byte, excerpt(line->text));
    };
    switch (line->problem) {
      case LineProblem::none:
        return true;
      case LineProblem::too_long:
        findings_.add(FindingKind::line_too_long, number, fmt::format("{}", side));
        return false;
      case LineProblem::nul:
        findings_.add(FindingKind::nul_byte, number, note());
        return false;
      case LineProblem::invalid_utf8:
        break;
    }
    findings_.add(FindingKind::invalid_utf8, number, note());
    return false;
  }

  void check_pair(std::int64_t number, std::string_view source, std::string_view target) {
    const std::vector<std::string> source_words = split_words(source);
    const std::vector<std::string> target_words = split_words(target);
    contrast_.add_source(source_words);
    contrast_.add_target(target_words);
    PairFacts& facts = facts_.back();
    facts.source_hash = fingerprint_of(source);
    facts.target_hash = fingerprint_of(target);
    facts.source_words = static_cast<std::int32_t>(source_words.size());
    facts.target_words = static_cast<std::int32_t>(target_words.size());
    facts.source_characters = check_text(number, "source", source, source_scripts_);
    facts.target_characters = check_text(number, "target", target, target_scripts_);
    if (source_words.empty() || target_words.empty()) {
      const auto kind = !target_words.empty()   ? FindingKind::empty_source
                        : !source_words.empty() ? FindingKind::empty_target
                                                : FindingKind::empty_both;
      findings_.add(kind, number, excerpt(source_words.empty() ? target : source));
      return;
    }
    held_out_.look_for(facts.source_hash, facts.target_hash, number);
    if (source == target) {
      findings_.add(FindingKind::identical_sides, number, excerpt(source));
    }
  }

  // Returns the number of characters.
  std::int32_t check_text(std::int64_t number, const char* side, std::string_view text,
                          ScriptCounts& scripts) {
    const std::vector<char32_t> characters = decode_utf8(text);
    scripts.add(characters);
    const auto find = [&](FindingKind kind, bool found) {
      if (found) {
        findings_.add(kind, number, fmt::format("{}: {}", side, excerpt(text)));
      }
    };
    find(FindingKind::doubly_encoded, looks_doubly_encoded(characters));
    find(FindingKind::replacement_character,
         std::find(characters.begin(), characters.end(), char32_t{0xFFFD}) != characters.end());
    find(FindingKind::control_character, has_control_character(characters));
    find(FindingKind::outer_white_space, has_outer_white_space(characters));
    return static_cast<std::int32_t>(characters.size());
  }

  bool is_full(std::size_t i) const {
    return facts_[i].source_words > 0 && facts_[i].target_words > 0;
  }

  void find_duplicates() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (is_full(i)) {
        order.push_back(i);
      }
    }
    const auto key = [&](std::size_t i) {
      return std::tuple(facts_[i].source_hash, facts_[i].target_hash, i);
    };
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    // Found in the order of the hashes; told in the order of the lines.
    std::vector<std::pair<std::size_t, std::size_t>> repeated;
    std::vector<std::pair<std::size_t, std::size_t>> differing;
    std::vector<std::size_t> firsts;  // of each target that the source at hand has
    const auto end_source = [&] {
      std::sort(firsts.begin(), firsts.end());
      for (std::size_t k = 1; k < firsts.size(); ++k) {
        differing.emplace_back(firsts[k], firsts[0]);
      }
      firsts.clear();
    };
    for (const std::size_t i : order) {
      const PairFacts& facts = facts_[i];
      if (!firsts.empty() && facts.source_hash != facts_[firsts.back()].source_hash) {
        end_source();
      }
      if (firsts.empty() || facts.target_hash != facts_[firsts.back()].target_hash) {
        firsts.push_back(i);
      } else {
        repeated.emplace_back(i, firsts.back());
      }
    }
    end_source();
    const auto tell = [&](FindingKind kind, auto& places, const char* format) {
      std::sort(places.begin(), places.end());
      for (const auto& [place, other] : places) {
        findings_.add(kind, numbers_[place], fmt::format(fmt::runtime(format), numbers_[other]));
      }
    };
    tell(FindingKind::duplicate_pairs, repeated, "as line {}");
    tell(FindingKind::different_targets, differing, "the source of line {}");
  }

  void find_length_ratios() {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (is_full(i)) {
        ratios.push_back(log_ratio(facts_[i]));
      }
    }
    if (ratios.empty()) {
      return;
    }
    const double usual = median_of(ratios);
    for (double& ratio : ratios) {
      ratio = std::abs(ratio - usual);
    }
    // The median deviation, scaled to what would be a normal distribution's standard deviation.
    const double spread = 1.4826 * median_of(ratios);
    const double limit = std::max(std::log(ratio_factor), ratio_deviations * spread);
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      const auto longer = std::max(facts_[i].source_characters, facts_[i].target_characters);
      if (is_full(i) && longer >= ratio_characters &&
          std::abs(log_ratio(facts_[i]) - usual) > limit) {
        findings_.add(FindingKind::length_ratio, numbers_[i],
                      fmt::format("{} characters to {}", facts_[i].source_characters,
                                  facts_[i].target_characters));
      }
    }
  }

  static double log_ratio(const PairFacts& facts) {
    return std::log((facts.source_characters + 1.0) / (facts.target_characters + 1.0));
  }

  // The second pass: each line against the language and script of its side.
  void compare_languages() {
    PairReader reader(files_);
    while (const auto pair = reader.next()) {
      if (pair->source && pair->target && pair->source->problem == LineProblem::none &&
          pair->target->problem == LineProblem::none && pair->source->text != pair->target->text) {
        compare_language(pair->number, pair->source->text, pair->target->text);
        compare_script(pair->number, "source", pair->source->text, source_scripts_);
        compare_script(pair->number, "target", pair->target->text, target_scripts_);
      }
    }
  }

  void compare_language(std::int64_t number, std::string_view source, std::string_view target) {
    const bool source_wrong = contrast_.lean(split_words(source)) < -lean_threshold;
    const bool target_wrong = contrast_.lean(split_words(target)) > lean_threshold;
    if (source_wrong && target_wrong) {
      findings_.add(FindingKind::swapped_sides, number, excerpt(source));
    } else if (source_wrong) {
      findings_.add(FindingKind::source_in_other_language, number, excerpt(source));
    } else if (target_wrong) {
      findings_.add(FindingKind::target_in_other_language, number, excerpt(target));
    }
  }

  void compare_script(std::int64_t number, const char* side, std::string_view text,
                      const ScriptCounts& usual) {
    ScriptCounts scripts;
    scripts.add(decode_utf8(text));
    const int script = usual.dominant();
    if (scripts.letters() > 0 && usual.share(script) > script_share &&
        scripts.share(script) < 0.5) {
      findings_.add(FindingKind::other_script, number,
                    fmt::format("{}, mostly {}, not {}: {}", side, script_name(scripts.dominant()),
                                script_name(script), excerpt(text)));
    }
  }

  void summarise_side(SideReport& side, const std::vector<std::string>& names,
                      std::int32_t PairFacts::*words, std::int32_t PairFacts::*characters) {
    side.name = names.front();
    if (names.size() > 1) {
      side.name += fmt::format(" and {} more", names.size() - 1);
    }
    const auto lengths = [&](std::int32_t PairFacts::*member) {
      std::vector<std::int32_t> values;
      values.reserve(facts_.size());
      for (const PairFacts& facts : facts_) {
        values.push_back(facts.*member);
      }
      return summarise(std::move(values), empty_pairs_);
    };
    side.words = lengths(words);
    side.characters = lengths(characters);
    std::vector<std::size_t> order(facts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto count =
        static_cast<std::ptrdiff_t>(std::min(order.size(), static_cast<std::size_t>(examples_)));
    std::partial_sort(
        order.begin(), order.begin() + count, order.end(), [&](std::size_t a, std::size_t b) {
          return std::pair(-(facts_[a].*words), a) < std::pair(-(facts_[b].*words), b);
        });
    for (std::ptrdiff_t k = 0; k < count; ++k) {
      const std::size_t i = order[static_cast<std::size_t>(k)];
      side.longest_lines.push_back(
          {numbers_[i],
           fmt::format("{} words, {} characters", facts_[i].*words, facts_[i].*characters)});
    }
  }

  const CorpusFiles& files_;
  int examples_;
  FindingList findings_;
  HeldOut held_out_;
  CorpusReport report_;
  std::size_t empty_pairs_ = 0;        // without any text
  std::vector<PairFacts> facts_;       // of the other pairs that both sides have
  std::vector<std::int64_t> numbers_;  // their places in the corpus
  ScriptCounts source_scripts_;
  ScriptCounts target_scripts_;
  LanguageContrast contrast_;
};

}  // namespace

bool CorpusReport::usable() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.unusable; });
}

CorpusReport check_corpus(const ParallelCorpus& corpus, int examples,
                          std::span<const ParallelCorpus> held_out) {
  const Phase phase("checking the corpus");
  check_usage(examples >= 0, "data check: {} examples", examples);
  return CorpusChecker(corpus.files(), examples, held_out).run();
}

}  // namespace heed
