// What a comparison measured: variants of one recipe, each trained with several seeds on the same
// batches, and what can be said of their differences.
//
//   const ComparisonSummary summary = summarise(comparison);
//   summary.groups[0].findings  // "rotary is better than sinusoidal by 0.7 BLEU; …"
//
// Scores are percentages, BLEU of translations or accuracy on a task with one right answer; or, of
// language models, bits per character, where lower is better.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "heed/metrics/paired_bootstrap.h"
#include "heed/training/history.h"

namespace heed {

enum class Quality {
  bleu,                // rows of statistics as Bleu keeps them
  accuracy,            // as sequence_statistics() keeps them
  bits_per_character,  // as BitsPerCharacter keeps them
};

// One trained model on one test set.
struct SetResult {
  std::optional<double> loss;  // per target token; none when it was refused
  // Refused sentences count as empty, refused windows of a text as guessed.
  SentenceStatistics statistics = SentenceStatistics(1);
  std::string refusal;  // why the model took some sentence not at all
};

struct RunResult {
  std::int64_t seed = 0;
  std::int64_t steps = 0;
  double seconds = 0;
  std::int64_t peak_bytes = 0;
  std::vector<SetResult> sets;  // as in ComparisonGroup::sets
  Metrics metrics;
};

struct VariantResult {
  std::string label;
  std::string directory;
  std::vector<std::pair<std::string, std::string>> settings;  // key, value
  std::int64_t parameters = 0;
  std::vector<RunResult> runs;
};

// Test sentences, or windows of a text, of like length.
struct LengthBucket {
  std::string label;
  double length = 0;    // of a source, on average
  bool beyond = false;  // longer than anything trained on
  std::size_t set = 0;
  std::vector<std::size_t> sentences;  // of the set; empty: all of them
};

// Variants that were tested on the same data.
struct ComparisonGroup {
  std::string label;  // empty when it is the only one
  Quality quality = Quality::bleu;
  std::vector<std::string> sets;     // the first is the test set that decides
  std::size_t sentences = 0;         // in that one
  std::int64_t training_length = 0;  // longest source trained on
  std::string length_unit;           // "tokens", "symbols", "characters"
  std::vector<LengthBucket> buckets;
  std::vector<VariantResult> variants;
};

struct Comparison {
  std::string title;
  std::string subtitle;
  std::vector<std::string> notes;
  std::vector<ComparisonGroup> groups;
};

struct BucketSummary {
  RunScores quality;          // BLEU, token accuracy, or bits per character
  std::vector<double> exact;  // exact match of each run; tasks only
  std::string refusal;
};

struct VariantSummary {
  std::vector<double> loss;            // of each run; empty when one has none
  RunScores quality;                   // BLEU, exact match, or bits per character
  std::vector<double> token_accuracy;  // of each run; tasks only
  std::vector<BucketSummary> buckets;
  // Of a task, the shortest bucket whose token accuracy is, on average, below break_accuracy. Of a
  // text, the shortest beyond the training length whose bits per character are above break_ratio
  // times those of the test set.
  std::optional<std::size_t> breaks_at;
  double tokens_per_second = 0;  // the median over all lines of metrics
  std::int64_t peak_bytes = 0;   // the largest
  double seconds = 0;            // of training, on average
};

struct PairSummary {
  std::size_t first = 0, second = 0;  // variants; the first has the better mean
  RunDifference difference;
};

struct GroupSummary {
  std::vector<VariantSummary> variants;
  std::vector<std::size_t> ranking;                    // variants by mean quality, best first
  std::vector<PairSummary> pairs;                      // in the order of the ranking
  std::vector<std::vector<PairSummary>> bucket_pairs;  // by bucket, in the order of its means
  std::vector<std::string> findings;                   // on the test set, in sentences
  std::vector<std::string> length_findings;            // by length
};

struct ComparisonSummary {
  std::vector<GroupSummary> groups;
};

constexpr double break_accuracy = 90;
constexpr double break_ratio = 1.1;

// How a quality is named and shown.
struct QualityStyle {
  const char* name;           // of the whole: "BLEU", "% exact", "bits per character"
  const char* bucket_name;    // of what decides by length: "BLEU", "% of tokens", …
  const char* points;         // of a difference: "BLEU", "points of exact match", …
  const char* bucket_points;  // of a difference by length
  const char* key;            // in comparison.json
  const char* bucket_key;
  int decimals;
  bool lower_is_better;
};
const QualityStyle& style_of(Quality quality);
// The rule by which differences are told from noise, in a sentence; `items`: what is resampled.
std::string noise_rule(std::size_t seeds, const char* items = "sentences");

// Errors (failure): runs whose sets or sentences do not agree.
ComparisonSummary summarise(const Comparison& comparison);

}  // namespace heed
