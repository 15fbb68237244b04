// What a comparison measured: variants of one recipe, each trained with several seeds on the same
// batches. A caller fills it in; what can be said of the differences is summarise()'s.
//
//   ComparisonGroup group{.measures = {.metric = metric}, .sets = {"test"}, .sentences = 1000};
//   group.variants.push_back({.label = "rotary", .runs = runs});
//   const Comparison comparison{.title = "Positions", .groups = {group}};
//   summarise(comparison)  // heed/comparison/summary.h
//
// Thread-safety: plain data; const use from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "heed/comparison/measures.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/training/history.h"

namespace heed {

// One trained model on one test set.
struct SetResult {
  std::optional<double> loss;  // per predicted token; none when it was refused
  // A row for each sentence, window or what else is tested on. What the model refused has a row as
  // well: as if nothing, or a guess, had come out of it.
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
  GroupMeasures measures;
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

}  // namespace heed
