// Classifiers of texts, from recipe to answers: one label, several, numbers; pairs; long texts;
// what learns; resuming; and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/random.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/adapter.h"
#include "heed/interop/load_model.h"
#include "heed/models/headed_encoder.h"
#include "heed/tasks/framed_texts.h"
#include "heed/tasks/run.h"
#include "heed/tasks/text_classifier.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TextClassification : public testing::Test {
 protected:
  TextClassification()
      : directory_(testing::TempDir() + "heed_classification_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    write_file(directory_ / "train.tsv", reviews(120, 1));
    write_file(directory_ / "test.tsv", reviews(60, 2));
  }
  ~TextClassification() override { fs::remove_all(directory_); }

  // Texts that are good or bad by one word among others.
  static std::string reviews(int count, std::uint64_t seed) {
    Random random(seed);
    const char* const others[] = {"the", "film", "was", "a", "plot", "and", "actors"};
    std::string lines = "text\tlabel\n";
    for (int i = 0; i < count; ++i) {
      const bool good = random.below(3) > 0;
      std::string text;
      const auto words = 2 + random.below(5), place = random.below(words);
      for (std::uint64_t word = 0; word < words; ++word) {
        text +=
            word == place ? (good ? "fine " : "dull ") : others[random.below(7)] + std::string(" ");
      }
      lines += text + (good ? "\tgood\n" : "\tbad\n");
    }
    return lines;
  }

  RunOutcome run(const std::string& name, const std::vector<std::string>& overrides = {},
                 const RunOptions& options = {}) const {
    write_file(directory_ / "recipe.yaml",
               "task: text_classification\n"
               "data: {directory: " +
                   directory_.string() +
                   ", train: [train.tsv], test: [test.tsv], max_tokens: 16}\n"
                   "tokenizer: {kind: word, vocabulary_size: 0, minimum_frequency: 1}\n"
                   "model: {d_model: 16, layers: 1, heads: 2, feed_forward_size: 16, segments: 0, "
                   "dropout: 0, max_length: 16}\n"
                   "adapting: {pooling: mean}\n"
                   "batches: {batch_tokens: 128}\n"
                   "schedule: {kind: constant, learning_rate: 0.01}\n"
                   "training: {max_steps: 40, validate_every: 20, best_by: accuracy}\n");
    return run_recipe(directory_ / "recipe.yaml", overrides, directory_ / name, options);
  }
  std::string refusal(ErrorKind kind, const std::vector<std::string>& overrides) const {
    try {
      run("refused", overrides);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "none";
  }
  std::string bytes(const std::string& model) const {
    return read_file(directory_ / model / "model.safetensors");
  }

  fs::path directory_;
};

double value_of(const TestResult& test, const std::string& key) {
  for (const TestMeasure& measure : test.measures) {
    if (measure.style.key == key) {
      return measure.value;
    }
  }
  ADD_FAILURE() << key;
  return 0;
}

TEST_F(TextClassification, WhatHasNoTokensIsReadAsUnknownOrAsTheEnd) {
  class KnowsAll : public ByteTokenizer {
   public:
    int unknown_id() const override { return -1; }
  };
  const LengthRule rule{.longest = 8};
  EXPECT_EQ(framed_windows(ByteTokenizer(), "", rule).front().ids, std::vector<int>{1});
  EXPECT_EQ(framed_windows(KnowsAll(), "", rule).front().ids, std::vector<int>{0});
  EXPECT_EQ(framed_pair(KnowsAll(), "", "", rule).ids, std::vector<int>{0});
}

TEST_F(TextClassification, LearnsAndAnswersWhateverTheBatch) {
  const RunOutcome outcome = run("run", {"training.max_steps=60"});
  ASSERT_TRUE(outcome.test.has_value());
  EXPECT_EQ(outcome.test->examples, 60);
  EXPECT_GT(value_of(*outcome.test, "accuracy"), 95);
  EXPECT_THAT(outcome.test->line, HasSubstr("accuracy: "));
  EXPECT_THAT(read_file(directory_ / "run" / "report.html"), HasSubstr("Confusion"));

  const LoadedModel model = load_model(directory_ / "run");
  const std::vector<std::string> texts = {"the film was fine", "dull",
                                          "a dull plot and dull actors", "never seen words", ""};
  const TextClassifier classifier(model);
  EXPECT_THAT(classifier.labels(), testing::ElementsAre("bad", "good"));
  const auto all = classifier.classify(texts);
  EXPECT_EQ(all[0].classes, std::vector<std::int32_t>{1});
  EXPECT_EQ(all[1].classes, std::vector<std::int32_t>{0});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = TextClassifier(model, {.batch_tokens = 1}).classify({&texts[i], 1});
    EXPECT_EQ(alone[0].probabilities, all[i].probabilities) << texts[i];
    EXPECT_NEAR(all[i].probabilities[0] + all[i].probabilities[1], 1, 1e-9);
  }
}

TEST_F(TextClassification, LongTextsAreReadInWindows) {
  run("run");
  const LoadedModel model = load_model(directory_ / "run");
  std::string text;
  for (int i = 0; i < 46; ++i) {
    text += i % 3 == 0 ? "the " : "dull ";
  }
  const TextClassifier classifier(model);
  const auto found = classifier.classify({&text, 1}).front();
  EXPECT_EQ(found.windows, 5u);  // 46 words, 16 a window, 8 apart
  EXPECT_EQ(found.classes.front(), 0);
}

TEST_F(TextClassification, AResumedRunEndsWithTheSameBytes) {
  run("whole");
  int steps = 0;
  RunOptions options;
  options.interrupted = [&] { return ++steps > 25 ? 15 : 0; };
  const RunOutcome part = run("part", {}, options);
  ASSERT_GT(part.training.interrupted, 0);
  run("part", {}, {.resume = true});
  EXPECT_EQ(bytes("part/last"), bytes("whole/last"));
}

TEST_F(TextClassification, FrozenBackbonesAndAdaptersLeaveTheWeights) {
  run("base");
  const auto start_from = [&](const std::string& name, const std::string& backbone) {
    run(name, {"init_from=" + (directory_ / "base").string(), "adapting.backbone=" + backbone,
               "adapting.lora.rank=2", "training.max_steps=20"});
    return SafetensorsFile(directory_ / name / "last" / "model.safetensors");
  };
  const SafetensorsFile base(directory_ / "base" / "best" / "model.safetensors");
  const std::string query = "model.encoder.layers.0.self_attn.q_proj.weight";
  const auto frozen = start_from("frozen", "freeze"), adapted = start_from("adapted", "lora"),
             trained = start_from("trained", "train");
  EXPECT_EQ(frozen.tensor(query).to_doubles(), base.tensor(query).to_doubles());
  EXPECT_EQ(adapted.tensor(query).to_doubles(), base.tensor(query).to_doubles());
  EXPECT_NE(trained.tensor(query).to_doubles(), base.tensor(query).to_doubles());
  EXPECT_NE(frozen.tensor("head.weight").to_doubles(), base.tensor("head.weight").to_doubles());
  // What is loaded of a run with adapters is the merged model.
  const LoadedModel merged = load_model(directory_ / "adapted");
  EXPECT_EQ(merged.as<HeadedEncoder>().config().lora.rank, 0);
  // The adapters apart, put on the model that they were trained upon.
  save_adapter(directory_ / "adapted", directory_ / "apart");
  EXPECT_LT(fs::file_size(directory_ / "apart" / "adapter_model.safetensors"),
            fs::file_size(directory_ / "adapted" / "best" / "model.safetensors") / 2);
  const std::vector<std::string> texts = {"the film was fine", "a dull plot"};
  const auto wanted = TextClassifier(merged).classify(texts);
  for (const char* adapter : {"apart", "adapted"}) {
    const LoadedModel put_on = load_adapted(directory_ / "base", directory_ / adapter);
    const auto found = TextClassifier(put_on).classify(texts);
    EXPECT_EQ(found[0].probabilities, wanted[0].probabilities);
    EXPECT_EQ(found[1].probabilities, wanted[1].probabilities);
  }
  const auto refused = [&](const std::string& model, const std::string& adapter) {
    try {
      load_adapted(directory_ / model, directory_ / adapter);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refused("trained", "apart"), HasSubstr("an adapter of another model"));
  EXPECT_THAT(refused("base", "trained"), HasSubstr("has no adapters"));
  EXPECT_THAT(refusal(ErrorKind::usage,
                      {"init_from=" + (directory_ / "base").string(), "model.d_model=32"}),
              HasSubstr("its model.d_model is 16, the recipe says 32"));
}

TEST_F(TextClassification, SeveralLabelsNumbersAndPairs) {
  std::string several, numbers = "text,second,label\n";
  for (int i = 0; i < 60; ++i) {
    const bool a = i % 2 == 0, b = i % 3 == 0;
    several += "{\"text\": \"" + std::string(a ? "red " : "x ") + (b ? "big" : "y") +
               "\", \"label\": [" + (a ? "\"colour\"" : "") + (a && b ? ", " : "") +
               (b ? "\"size\"" : "") + "]}\n";
    numbers += std::string(a ? "up" : "down") + "," + (b ? "more" : "less") + "," +
               std::to_string((a ? 1 : -1) + (b ? 0.5 : 0)) + "\n";
  }
  write_file(directory_ / "several.jsonl", several);
  write_file(directory_ / "numbers.csv", numbers);
  const auto labels = run("several", {"data.train=[several.jsonl]", "data.test=[several.jsonl]",
                                      "data.target=classes", "training.best_by=micro_f1"});
  EXPECT_EQ(value_of(*labels.test, "accuracy"), 100);
  const auto scores =
      run("numbers", {"data.train=[numbers.csv]", "data.test=[numbers.csv]", "data.target=number",
                      "data.second=second", "training.best_by=pearson", "model.segments=2"});
  EXPECT_GT(value_of(*scores.test, "pearson"), 95);
  const LoadedModel model = load_model(directory_ / "numbers");
  const std::vector<std::string> first = {"up", "down"}, second = {"more", "more"};
  const auto found = TextClassifier(model).classify(first, second);
  EXPECT_GT(found[0].number, found[1].number + 1);
}

TEST_F(TextClassification, WhatMakesNoSenseIsRefused) {
  write_file(directory_ / "odd.tsv", "text\tlabel\na\tgood\nb\tugly\n");
  EXPECT_THAT(refusal(ErrorKind::bad_data, {"data.test=[odd.tsv]"}),
              HasSubstr("odd.tsv:3: label 'ugly' does not occur in the training data"));
  write_file(directory_ / "odd.tsv", "text\tlabel\na\tgood\nb\tgood\n");
  EXPECT_THAT(refusal(ErrorKind::bad_data, {"data.train=[odd.tsv]"}),
              HasSubstr("every example is 'good'"));
  EXPECT_THAT(refusal(ErrorKind::usage, {"data.max_tokens=17"}),
              HasSubstr("model.max_length is 16"));
  EXPECT_THAT(refusal(ErrorKind::usage, {"training.best_by=bleu"}), HasSubstr("accuracy"));
  EXPECT_THAT(refusal(ErrorKind::usage, {"adapting.backbone=thaw"}), HasSubstr("freeze or lora"));
  EXPECT_THAT(refusal(ErrorKind::usage, {"data.long_texts=windows", "data.second=label"}),
              HasSubstr("pairs are cut"));
}

}  // namespace
}  // namespace heed
