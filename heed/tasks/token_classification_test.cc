// Taggers, from recipe to tags: entities, other tags, long sentences, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/random.h"
#include "heed/interop/load_model.h"
#include "heed/tasks/run.h"
#include "heed/tasks/text_tagger.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class TokenClassification : public testing::Test {
 protected:
  TokenClassification()
      : directory_(testing::TempDir() + "heed_tagging_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    write_file(directory_ / "train.conll", sentences(150, 1));
    write_file(directory_ / "test.conll", sentences(40, 2));
  }
  ~TokenClassification() override { fs::remove_all(directory_); }

  // "in New York" and "Anna": places of two words behind "in", people anywhere.
  static std::string sentences(int count, std::uint64_t seed) {
    Random random(seed);
    std::string text;
    for (int i = 0; i < count; ++i) {
      for (std::uint64_t word = 0; word < 2 + random.below(4); ++word) {
        const auto kind = random.below(3);
        text += kind == 0   ? "in\tO\nNew\tB-place\nYork\tI-place\n"
                : kind == 1 ? "Anna\tB-person\n"
                            : "sees\tO\n";
      }
      text += i % 2 == 0 ? "\t\n" : "\n";
    }
    return text;
  }

  RunOutcome run(const std::string& name, const std::vector<std::string>& overrides = {}) const {
    write_file(directory_ / "recipe.yaml",
               "task: token_classification\n"
               "data: {directory: " +
                   directory_.string() +
                   ", train: [train.conll], test: [test.conll]}\n"
                   "tokenizer: {kind: byte}\n"
                   "model: {d_model: 16, layers: 2, heads: 2, feed_forward_size: 16, segments: 0, "
                   "dropout: 0, max_length: 32}\n"
                   "batches: {batch_tokens: 256}\n"
                   "schedule: {kind: constant, learning_rate: 0.01}\n"
                   "training: {max_steps: 100, validate_every: 50, best_by: accuracy}\n");
    return run_recipe(directory_ / "recipe.yaml", overrides, directory_ / name);
  }
  std::string refusal(const std::vector<std::string>& overrides) const {
    try {
      run("refused", overrides);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  fs::path directory_;
};

TEST_F(TokenClassification, LearnsAndTagsWhateverTheBatch) {
  const RunOutcome outcome = run("run");
  ASSERT_TRUE(outcome.test.has_value());
  EXPECT_EQ(outcome.test->measures.front().style.key, "entity_f1");
  EXPECT_GT(outcome.test->measures.front().value, 95);
  const LoadedModel model = load_model(directory_ / "run");
  const std::vector<std::vector<std::string>> sentences = {
      {"Anna", "sees", "Anna"}, {}, {"sees", "in", "New", "York", "Anna"}};
  const auto all = TextTagger(model).tag(sentences);
  EXPECT_THAT(all[0].tags, ElementsAre("B-person", "O", "B-person"));
  EXPECT_TRUE(all[1].tags.empty());
  EXPECT_THAT(all[2].tags, ElementsAre("O", "O", "B-place", "I-place", "B-person"));
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const auto alone = TextTagger(model, {.batch_tokens = 1}).tag({&sentences[i], 1});
    EXPECT_EQ(alone[0].probabilities, all[i].probabilities);
  }
  // A sentence of more tokens than the model takes: every word has its tag.
  std::vector<std::string> words;
  for (int i = 0; i < 30; ++i) {
    words.push_back(i % 2 == 0 ? "Anna" : "sees");
  }
  const auto found = TextTagger(model).tag({&words, 1})[0];
  ASSERT_EQ(found.tags.size(), words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(found.tags[i], i % 2 == 0 ? "B-person" : "O") << i;
  }
}

TEST_F(TokenClassification, WhatMakesNoSenseIsRefused) {
  write_file(directory_ / "odd.conll", "a\tO\nb\tB-thing\n");
  EXPECT_THAT(refusal({"data.test=[odd.conll]"}),
              HasSubstr("odd.conll:1: label 'B-thing' does not occur in the training data"));
  write_file(directory_ / "odd.conll", "a\tO\nb\tO\n");
  EXPECT_THAT(refusal({"data.train=[odd.conll]"}), HasSubstr("every word is tagged 'O'"));
  write_file(directory_ / "odd.conll", "a\tNOUN\nb\tVERB\n");
  EXPECT_THAT(refusal({"data.train=[odd.conll]", "data.test=[]", "data.scheme=entities",
                       "data.validation_share=0", "training.best_by=loss"}),
              HasSubstr("data.scheme entities, but these tags"));
  EXPECT_THAT(refusal({"data.scheme=bio"}), HasSubstr("expected auto, entities or tags"));
}

}  // namespace
}  // namespace heed
