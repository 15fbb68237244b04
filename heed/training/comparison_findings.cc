#include "heed/training/comparison_findings.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace heed {

namespace {

// What the pairs say of each variant against those ranked below it, a sentence each.
std::vector<std::string> pair_sentences(const ComparisonGroup& group,
                                        const std::vector<PairSummary>& pairs,
                                        const std::string& unit) {
  if (pairs.size() > 1 && std::none_of(pairs.begin(), pairs.end(), [](const PairSummary& pair) {
        return pair.difference.exceeds_noise();
      })) {
    return {fmt::format("No difference between the {} exceeds the noise.", group.variants.size())};
  }
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < pairs.size();) {
    const std::size_t first = pairs[i].first;
    std::vector<std::string> worse, equal;
    for (; i < pairs.size() && pairs[i].first == first; ++i) {
      const std::string& other = group.variants[pairs[i].second].label;
      if (pairs[i].difference.exceeds_noise()) {
        worse.push_back(fmt::format("{} by {:.1f}", other, pairs[i].difference.difference));
      } else {
        equal.push_back(other);
      }
    }
    const std::string& name = group.variants[first].label;
    const std::string others = join_words(equal, " or ");
    std::string sentence;
    if (!worse.empty()) {
      sentence = fmt::format("{} is better than {} {}", name, join_words(worse), unit);
      sentence += equal.empty() ? "" : "; it cannot be told apart from " + others;
    } else if (equal.size() == 1) {
      sentence = fmt::format("{} and {} cannot be told apart", name, others);
    } else {
      sentence = fmt::format("{} cannot be told apart from {}", name, others);
    }
    sentences.push_back(sentence + ".");
  }
  return sentences;
}

// The last bucket before the first that breaks, and that one.
std::string reach_sentence(const ComparisonGroup& group, const VariantSummary& variant,
                           const std::string& name) {
  const auto length = [&](std::size_t bucket) {
    return fmt::format("{:.0f}", group.buckets[bucket].length);
  };
  if (!variant.breaks_at) {
    return fmt::format(
        "{} keeps at least {:.0f} % of the tokens right up to length {}, the longest "
        "tested.",
        name, break_accuracy, length(group.buckets.size() - 1));
  }
  const std::size_t at = *variant.breaks_at;
  const std::string& refusal = variant.buckets[at].refusal;
  if (!refusal.empty()) {
    return fmt::format("{} refuses length {}: {}.", name, length(at), refusal);
  }
  return fmt::format("{} breaks at length {}: {:.1f} % of the tokens are right there{}.", name,
                     length(at), spread_of(variant.buckets[at].quality.scores).mean,
                     at == 0 ? ""
                             : fmt::format(", {:.1f} % at {}",
                                           spread_of(variant.buckets[at - 1].quality.scores).mean,
                                           length(at - 1)));
}

bool same_numbers(const VariantSummary& a, const VariantSummary& b) {
  return !a.loss.empty() && a.loss == b.loss && a.quality.scores == b.quality.scores &&
         a.quality.resampled == b.quality.resampled;
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

std::string join_words(const std::vector<std::string>& words, const char* last) {
  if (words.size() < 2) {
    return words.empty() ? std::string() : words.front();
  }
  const std::vector<std::string> head(words.begin(), words.end() - 1);
  return fmt::format("{}{}{}", fmt::join(head, ", "), last, words.back());
}

std::vector<std::string> findings_of(const ComparisonGroup& group, const GroupSummary& summary) {
  const bool task = group.quality == Quality::accuracy;
  std::vector<std::string> findings =
      pair_sentences(group, summary.pairs, task ? "points of exact match" : "BLEU");
  for (const std::string& sentence : sameness_sentences(group, summary)) {
    findings.push_back(sentence);
  }
  return findings;
}

std::vector<std::string> length_findings_of(const ComparisonGroup& group,
                                            const GroupSummary& summary) {
  const bool task = group.quality == Quality::accuracy;
  std::vector<std::string> findings;
  if (task && !group.buckets.empty()) {
    for (const std::size_t variant : summary.ranking) {
      findings.push_back(
          reach_sentence(group, summary.variants[variant], group.variants[variant].label));
    }
  }
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    if (group.buckets[bucket].beyond && !summary.bucket_pairs[bucket].empty()) {
      const auto sentences = pair_sentences(group, summary.bucket_pairs[bucket],
                                            task ? "points of token accuracy" : "BLEU");
      findings.push_back(fmt::format("At {} {}, beyond the training length: {}",
                                     group.buckets[bucket].label, group.length_unit,
                                     sentences.front()));
    }
  }
  return findings;
}

}  // namespace heed
