// How far each variant works, and which is ahead beyond the training length, in words.
#include <fmt/format.h>

#include "heed/comparison/findings.h"
#include "heed/comparison/pair_sentences.h"

namespace heed {

namespace {

// What a variant does that never breaks.
std::string kept_text(const ComparisonGroup& group) {
  const GroupMeasures& measures = group.measures;
  const MetricStyle& style = measures.length_metric()->style();
  if (measures.breaks.ratio) {
    return fmt::format("stays within {:.0f} % of its {} at {}", 100 * (*measures.breaks.ratio - 1),
                       style.name, group.training_length);
  }
  const double limit = measures.breaks.below.value();
  return measures.share_of.empty()
             ? fmt::format("keeps at {} {} {}", style.lower_is_better ? "most" : "least", limit,
                           style.name)
             : fmt::format("keeps at least {} % of the {} right", limit, measures.share_of);
}

// The score of the bucket where a variant breaks, and what it is measured against.
std::string broken_text(const ComparisonGroup& group, const VariantSummary& variant,
                        std::size_t at) {
  const GroupMeasures& measures = group.measures;
  const MetricStyle& style = measures.length_metric()->style();
  const auto mean = [&](std::size_t bucket) {
    return spread_of(variant.buckets[bucket].scores.scores).mean;
  };
  if (measures.breaks.ratio) {
    const double trained = length_score_of_test_set(measures, variant);
    return fmt::format(
        "{:.{}f} {} there, {:.0f} % {} than the {:.{}f} at {}", mean(at), style.decimals,
        style.name, 100 * (style.lower_is_better ? mean(at) / trained - 1 : 1 - mean(at) / trained),
        style.lower_is_better ? "more" : "less", trained, style.decimals, group.training_length);
  }
  const std::string sign = measures.share_of.empty() ? "" : " %";
  std::string text = measures.share_of.empty()
                         ? fmt::format("{:.{}f} {} there", mean(at), style.decimals, style.name)
                         : fmt::format("{:.{}f} % of the {} are right there", mean(at),
                                       style.decimals, measures.share_of);
  if (at > 0) {
    text += fmt::format(", {:.{}f}{} at {:.0f}", mean(at - 1), style.decimals, sign,
                        group.buckets[at - 1].length);
  }
  return text;
}

// How far a variant works: where it breaks, with its score there and what that is held against.
std::string reach_sentence(const ComparisonGroup& group, const VariantSummary& variant,
                           const std::string& name) {
  if (!variant.breaks_at) {
    return fmt::format("{} {} up to length {:.0f}, the longest tested.", name, kept_text(group),
                       group.buckets.back().length);
  }
  const std::size_t at = *variant.breaks_at;
  const std::string& refusal = variant.buckets[at].refusal;
  return refusal.empty() ? fmt::format("{} breaks at length {:.0f}: {}.", name,
                                       group.buckets[at].length, broken_text(group, variant, at))
                         : fmt::format("{} refuses length {:.0f}: {}.", name,
                                       group.buckets[at].length, refusal);
}

}  // namespace

std::vector<std::string> length_findings_of(const ComparisonGroup& group,
                                            const GroupSummary& summary) {
  std::vector<std::string> findings;
  if (group.measures.breaks.any() && !group.buckets.empty()) {
    for (const std::size_t variant : summary.ranking) {
      findings.push_back(
          reach_sentence(group, summary.variants[variant], group.variants[variant].label));
    }
  }
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    if (group.buckets[bucket].beyond && !summary.bucket_pairs[bucket].empty()) {
      const auto sentences = pair_sentences(group, summary.bucket_pairs[bucket],
                                            group.measures.length_metric()->style());
      findings.push_back(fmt::format("At {} {}, beyond the training length: {}",
                                     group.buckets[bucket].label, group.length_unit,
                                     sentences.front()));
    }
  }
  return findings;
}

}  // namespace heed
