// What the models of a comparison are tested on, and one model's results.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/heed/training_run.h"
#include "heed/comparison/comparison.h"

namespace heed::app {

// Pairs to translate, or windows of running text to predict.
struct TestSet {
  std::string name;
  std::optional<ParallelCorpus> corpus;
  std::vector<std::string> sources, references;
  std::shared_ptr<const TokenStore> windows;

  std::size_t size() const {
    return windows ? static_cast<std::size_t>(windows->size()) : sources.size();
  }
};

struct TestPlan {
  GroupMeasures measures;
  std::vector<TestSet> sets;
  std::int64_t training_length = 0;
  std::string length_unit;
  std::vector<LengthBucket> buckets;  // ascending
};

// The test set of a recipe (for want of one its validation set) in buckets by length. For a task
// `multiples` of its maximum_length become sets of their own, written into `directory`/data. A
// corpus is divided at `multiples` of the longest source trained on, or without any into parts of
// equal size. Of running text, see plan_text_tests. Errors: usage when there is nothing to test on,
// and those of the corpora.
TestPlan plan_tests(const Recipe& recipe, const std::vector<double>& multiples,
                    const TrainingData& data, const std::filesystem::path& directory);

// Changes with the sentences of the sets and with how they are divided.
Json content_of(const TestPlan& plan);

// Decodes every set and measures the loss; windows of text are only scored. A part that the model
// refuses (a length that its positions do not reach, say) is scored as if nothing had come out of
// it, and the refusal kept. Encoded sets are kept in `directory`/cache; translations in `run`/test.
std::vector<SetResult> run_tests(const TestPlan& plan, const Recipe& recipe,
                                 const TrainedModel& model, const std::filesystem::path& directory,
                                 const std::filesystem::path& run);

}  // namespace heed::app
