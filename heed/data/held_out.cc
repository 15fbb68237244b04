#include "heed/data/held_out.h"

#include <fmt/format.h>

#include <utility>

#include "heed/base/error.h"
#include "heed/data/corpus_check.h"
#include "heed/data/pair_reader.h"
#include "heed/text/fingerprint.h"

namespace heed {

HeldOut::HeldOut(std::span<const ParallelCorpus> corpora) : corpora_(corpora) {
  for (std::size_t corpus = 0; corpus < corpora.size(); ++corpus) {
    read(corpus);
  }
}

void HeldOut::read(std::size_t corpus) {
  const auto is_text = [](const std::optional<Line>& line) {
    return line && line->problem == LineProblem::none && !line->text.empty();
  };
  PairReader reader(corpora_[corpus].files());
  while (const auto pair = reader.next()) {
    if (!is_text(pair->source) || !is_text(pair->target)) {
      continue;
    }
    check_data(std::cmp_less(sentences_.size(), checked_pair_limit),
               "{}: more than {} held-out pairs", corpora_[corpus].name(), checked_pair_limit);
    by_source_.emplace(fingerprint_of(pair->source->text), sentences_.size());
    sentences_.push_back({.corpus = corpus,
                          .line = pair->number,
                          .target_hash = fingerprint_of(pair->target->text)});
  }
}

void HeldOut::look_for(std::uint64_t source_hash, std::uint64_t target_hash, std::int64_t line) {
  const auto [first, last] = by_source_.equal_range(source_hash);
  for (auto found = first; found != last; ++found) {
    Sentence& sentence = sentences_[found->second];
    std::int64_t& place =
        sentence.target_hash == target_hash ? sentence.pair_line : sentence.source_line;
    place = place == 0 ? line : place;
  }
}

void HeldOut::report(FindingList& findings) const {
  for (const Sentence& sentence : sentences_) {
    const auto note = [&](std::int64_t line) {
      return fmt::format("of {}, as line {} of the corpus", corpora_[sentence.corpus].name(), line);
    };
    if (sentence.pair_line != 0) {
      findings.add(FindingKind::held_out_pairs, sentence.line, note(sentence.pair_line));
    } else if (sentence.source_line != 0) {
      findings.add(FindingKind::held_out_sources, sentence.line, note(sentence.source_line));
    }
  }
}

}  // namespace heed
