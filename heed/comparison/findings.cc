#include "heed/comparison/findings.h"

#include <fmt/format.h>

#include "heed/comparison/pair_sentences.h"
#include "heed/comparison/words.h"

namespace heed {

namespace {

bool same_numbers(const VariantSummary& a, const VariantSummary& b) {
  return !a.loss.empty() && a.loss == b.loss && a.scores.scores == b.scores.scores &&
         a.scores.resampled == b.scores.resampled;
}

std::vector<std::string> sameness_sentences(const ComparisonGroup& group,
                                            const GroupSummary& summary) {
  std::vector<std::string> sentences;
  std::vector<bool> told(group.variants.size(), false);
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    std::vector<std::string> same = {group.variants[i].label};
    for (std::size_t j = i + 1; j < group.variants.size(); ++j) {
      if (!told[j] && same_numbers(summary.variants[i], summary.variants[j])) {
        same.push_back(group.variants[j].label);
        told[j] = true;
      }
    }
    if (same.size() > 1) {
      sentences.push_back(fmt::format(
          "{} gave the same numbers to the last digit: what is varied has no effect there.",
          join_words(same)));
    }
  }
  return sentences;
}

}  // namespace

std::vector<std::string> findings_of(const ComparisonGroup& group, const GroupSummary& summary) {
  std::vector<std::string> findings =
      pair_sentences(group, summary.pairs, group.measures.metric->style());
  for (const std::string& sentence : sameness_sentences(group, summary)) {
    findings.push_back(sentence);
  }
  return findings;
}

std::string noise_rule(std::size_t seeds, std::string_view items) {
  const std::string test = fmt::format(
      "the 95 % interval of the difference over 1,000 paired bootstrap samples of the test {} does "
      "not contain 0",
      items);
  return seeds < 2
             ? fmt::format(
                   "A difference counts when {}. With one seed nothing is known of the "
                   "spread over seeds.",
                   test)
             : fmt::format(
                   "A difference counts when {}, and when it is larger than {:.2f} (Student's "
                   "t, 95 %, for {} seeds) times its standard error over the seeds. No "
                   "correction is made for the number of pairs.",
                   test, student_quantile(2 * static_cast<int>(seeds) - 2), seeds);
}

}  // namespace heed
