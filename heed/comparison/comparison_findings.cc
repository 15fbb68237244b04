#include "heed/comparison/comparison_findings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace heed {

namespace {

// What the pairs say of each variant against those ranked below it, a sentence each.
std::vector<std::string> pair_sentences(const ComparisonGroup& group,
                                        const std::vector<PairSummary>& pairs, const char* unit) {
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
        worse.push_back(fmt::format("{} by {:.{}f}", other,
                                    std::abs(pairs[i].difference.difference),
                                    style_of(group.quality).decimals));
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

// How far a variant works: where it breaks, with its quality there and at the length before.
std::string reach_sentence(const ComparisonGroup& group, const VariantSummary& variant,
                           const std::string& name) {
  const bool text = group.quality == Quality::bits_per_character;
  const auto length = [&](std::size_t bucket) {
    return fmt::format("{:.0f}", group.buckets[bucket].length);
  };
  const auto mean = [&](std::size_t bucket) {
    return spread_of(variant.buckets[bucket].quality.scores).mean;
  };
  if (!variant.breaks_at) {
    const std::string kept =
        text ? fmt::format("stays within {:.0f} % of its bits per character at {}",
                           100 * (break_ratio - 1), group.training_length)
             : fmt::format("keeps at least {:.0f} % of the tokens right", break_accuracy);
    return fmt::format("{} {} up to length {}, the longest tested.", name, kept,
                       length(group.buckets.size() - 1));
  }
  const std::size_t at = *variant.breaks_at;
  const std::string& refusal = variant.buckets[at].refusal;
  if (!refusal.empty()) {
    return fmt::format("{} refuses length {}: {}.", name, length(at), refusal);
  }
  if (text) {
    const double trained = spread_of(variant.quality.scores).mean;
    return fmt::format(
        "{} breaks at length {}: {:.3f} bits per character there, {:.0f} % more than "
        "the {:.3f} at {}.",
        name, length(at), mean(at), 100 * (mean(at) / trained - 1), trained, group.training_length);
  }
  return fmt::format("{} breaks at length {}: {:.1f} % of the tokens are right there{}.", name,
                     length(at), mean(at),
                     at == 0 ? "" : fmt::format(", {:.1f} % at {}", mean(at - 1), length(at - 1)));
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
  std::vector<std::string> findings =
      pair_sentences(group, summary.pairs, style_of(group.quality).points);
  for (const std::string& sentence : sameness_sentences(group, summary)) {
    findings.push_back(sentence);
  }
  return findings;
}

std::vector<std::string> length_findings_of(const ComparisonGroup& group,
                                            const GroupSummary& summary) {
  std::vector<std::string> findings;
  if (group.quality != Quality::bleu && !group.buckets.empty()) {
    for (const std::size_t variant : summary.ranking) {
      findings.push_back(
          reach_sentence(group, summary.variants[variant], group.variants[variant].label));
    }
  }
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    if (group.buckets[bucket].beyond && !summary.bucket_pairs[bucket].empty()) {
      const auto sentences = pair_sentences(group, summary.bucket_pairs[bucket],
                                            style_of(group.quality).bucket_points);
      findings.push_back(fmt::format("At {} {}, beyond the training length: {}",
                                     group.buckets[bucket].label, group.length_unit,
                                     sentences.front()));
    }
  }
  return findings;
}

}  // namespace heed
