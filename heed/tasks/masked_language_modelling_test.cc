// Encoders that are pre-trained from a recipe: what they learn, what is measured, what is saved.
#include "heed/tasks/masked_language_modelling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/interop/export_model.h"
#include "heed/tasks/mask_filler.h"
#include "heed/tasks/run.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MaskedLanguageModelling : public testing::Test {
 protected:
  MaskedLanguageModelling()
      : directory_(testing::TempDir() + "heed_masked_language_modelling_" +
                   std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    // Documents of one colour and one animal each: a hidden word can be told from the others, and
    // another document from its own.
    const char* colours[] = {"red", "green", "blue", "white", "black"};
    const char* animals[] = {"dog", "cat", "bird", "horse"};
    std::string text;
    for (int i = 0; i < 400; ++i) {
      const std::string colour = colours[i % 5], animal = animals[i % 4];
      text += "the " + colour + " " + animal + " sees a " + colour + " " + animal + ".\n";
      text += "a " + colour + " " + animal + " likes the " + colour + " " + animal + ".\n\n";
    }
    write_file(directory_ / "a.txt", text);
    write_file(directory_ / "b.txt", text.substr(0, text.size() / 10));
  }
  ~MaskedLanguageModelling() override { fs::remove_all(directory_); }

  RunOutcome run(const std::string& name, const std::vector<std::string>& overrides,
                 const RunOptions& options = {}) const {
    write_file(directory_ / "recipe.yaml",
               "task: masked_language_modelling\nthreads: 1\n"
               "data: {directory: " +
                   directory_.string() +
                   ", train: [a.txt], validation: [b.txt], test: [b.txt], documents: blank-line, "
                   "document_mask: true, window: 32}\n"
                   "tokenizer: {vocabulary_size: 80}\n"
                   "model: {d_model: 32, layers: 2, heads: 2, feed_forward_size: 64, max_length: "
                   "32, dropout: 0, attention_dropout: 0}\n"
                   "batches: {batch_tokens: 1024}\n"
                   "schedule: {kind: cosine, learning_rate: 0.005, warmup_steps: 10}\n"
                   "training: {max_steps: 120, validate_every: 60}\n");
    return run_recipe(directory_ / "recipe.yaml", overrides, directory_ / name, options);
  }

  fs::path directory_;
};

TEST_F(MaskedLanguageModelling, GuessesHiddenWords) {
  const RunOutcome outcome = run("run", {});
  ASSERT_TRUE(outcome.test.has_value());
  EXPECT_EQ(outcome.test->measures[0].style.key, "masked_accuracy");
  EXPECT_GT(outcome.test->measures[0].value, 80);
  EXPECT_THAT(outcome.test->line, HasSubstr("hidden tokens guessed: "));
  const LoadedModel loaded = load_model(directory_ / "run");
  EXPECT_EQ(loaded.task(), "masked_language_modelling");
  const MaskFiller filler(loaded.as<TextEncoder>(), *loaded.tokenizers.target, {});
  const auto masks = filler.fill("The [MASK] dog sees a blue dog.", 3);
  ASSERT_EQ(masks.size(), 1u);
  ASSERT_EQ(masks[0].size(), 3u);
  EXPECT_EQ(masks[0][0].piece, "blue");
  EXPECT_EQ(masks[0][0].text, "the blue dog sees a blue dog.");
  EXPECT_GT(masks[0][0].probability, masks[0][1].probability);
  EXPECT_EQ(filler.fill("a [MASK] bird likes the red [MASK].", 1)[1][0].piece, "bird");
  EXPECT_THROW(filler.fill("nothing hidden", 1), Error);
  EXPECT_TRUE(export_obstacles(loaded).empty()) << export_obstacles(loaded)[0];
  EXPECT_EQ(transformers_class(loaded), "BertForMaskedLM");
}

TEST_F(MaskedLanguageModelling, TellsWhatFollows) {
  const RunOutcome outcome = run("run", {"data.pairs=next_sentence", "training.max_steps=160"});
  ASSERT_EQ(outcome.test->measures.size(), 3u);
  EXPECT_EQ(outcome.test->measures[2].style.key, "next_sentence_accuracy");
  EXPECT_GT(outcome.test->measures[2].value, 80);
  const LoadedModel loaded = load_model(directory_ / "run");
  EXPECT_EQ(transformers_class(loaded), "BertForPreTraining");
  export_model(loaded, directory_ / "bert");
  const LoadedModel again = load_model(directory_ / "bert");
  EXPECT_EQ(again.family, "bert");
  EXPECT_EQ(again.tokenizers.source->fingerprint(), loaded.tokenizers.source->fingerprint());
  // A further run begins with what was exported, whose heads are others.
  const RunOutcome further =
      run("further", {"init_from=" + (directory_ / "bert").string(), "training.max_steps=2",
                      "schedule.warmup_steps=1", "schedule.learning_rate=1.0e-6"});
  EXPECT_GT(outcome.test->measures[0].value, 50);
  EXPECT_GT(further.test->measures[0].value, 40);  // a new model guesses 5
}

// Killed and resumed, or not: the same bytes.
TEST_F(MaskedLanguageModelling, AResumeGoesOnAsIfNothingHappened) {
  const std::vector<std::string> steps = {"training.max_steps=9", "training.validate_every=4",
                                          "schedule.warmup_steps=2", "data.pairs=order"};
  run("whole", steps);
  int asked = 0;
  const RunOutcome begun = run("run", steps, {.interrupted = [&] { return ++asked > 5 ? 15 : 0; }});
  EXPECT_EQ(begun.training.interrupted, 15);
  run("run", steps, {.resume = true});
  for (const char* file : {"last/model.safetensors", "last/optimizer.safetensors"}) {
    EXPECT_EQ(read_file(directory_ / "run" / file), read_file(directory_ / "whole" / file)) << file;
  }
}

TEST_F(MaskedLanguageModelling, WhatMakesNoSenseIsRefused) {
  const auto refused = [&](const std::vector<std::string>& changes) {
    try {
      run("refused", changes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(
      refused({"data.pairs=next_sentence", "data.documents=none", "data.document_mask=false"}),
      HasSubstr("needs documents"));
  EXPECT_THAT(refused({"tokenizer.kind=byte", "tokenizer.lowercase=false"}),
              HasSubstr("stands for hidden ones"));
  EXPECT_THAT(refused({"data.window=64"}), HasSubstr("model.max_length is 32"));
  EXPECT_THAT(refused({"model.masked_head=false"}), HasSubstr("model.masked_head"));
  EXPECT_THAT(refused({"data.masking.mask_share=1.5"}), HasSubstr("data.masking.mask_share"));
  EXPECT_THAT(refused({"model.preset=bert-giant"}), HasSubstr("known are bert-tiny"));
}

}  // namespace
}  // namespace heed
