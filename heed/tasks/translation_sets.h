// Test sets of pairs, and how they are divided by length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "heed/comparison/comparison.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/toy_tasks.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct TranslationSet {
  std::string name;
  ParallelCorpus corpus;
  std::vector<std::string> sources, references;
};

// Errors: those of the corpus.
TranslationSet read_translation_set(std::string name, const CorpusFiles& files);

struct DividedSets {
  std::vector<TranslationSet> sets;
  std::vector<LengthBucket> buckets;  // ascending
};

// Adds sequences of a toy task that have `multiple` of its maximum_length, written into
// `directory`/data, as a set and as a bucket.
void add_toy_length(const ToyTaskConfig& toy, double multiple,
                    const std::filesystem::path& directory, DividedSets& divided);

// Divides the first set at `multiples` of the longest source trained on, or without any into parts
// of about equal size, as buckets.
void divide_by_length(const Tokenizer& tokenizer, const std::vector<double>& multiples,
                      std::int64_t training_length, DividedSets& divided);

}  // namespace heed
