// What is kept of a run's test, and read back.
#include "heed/tasks/run_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/event_file.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/bootstrap.h"
#include "heed/tasks/study_run.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Results : public testing::Test {
 protected:
  Results() : directory_(testing::TempDir() + "heed_results_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~Results() override { fs::remove_all(directory_); }

  // The scalars of an event file with this tag, by step.
  static std::vector<std::pair<std::int64_t, double>> scalars(const fs::path& file,
                                                              const std::string& tag) {
    std::vector<std::pair<std::int64_t, double>> found;
    for (const Event& event : read_event_file(file)) {
      for (const auto& scalar : event.scalars) {
        if (scalar.tag == tag) {
          found.emplace_back(event.step, scalar.value);
        }
      }
    }
    return found;
  }

  // A run of two steps on copying, tested.
  RunOutcome run_copy() const {
    write_file(directory_ / "copy.yaml",
               "task: translation\ntitle: copies <b>\nseed: 7\n"
               "data: {toy: {kind: copy, train_pairs: 40, validation_pairs: 4, test_pairs: 4}}\n"
               "tokenizer: {kind: word, minimum_frequency: 1}\n"
               "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
               "feed_forward_size: 8}\n"
               "training: {max_steps: 2, validate_every: 2}\n"
               "decoding: {beam: 3}\n");
    return run_recipe(directory_ / "copy.yaml", {}, directory_ / "run");
  }

  fs::path directory_;
};

TEST_F(Results, NumbersThatAreNotFiniteAreReadBack) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  RunResults results{.version = "1", .time = "now", .task = "t", .model = "best"};
  results.training_seconds = nan;
  results.test_seconds = infinity;
  results.test.line = "a line";
  for (const double value : {nan, infinity, -infinity}) {
    results.test.measures.push_back({.style = {.key = "k" + std::to_string(value)},
                                     .value = value,
                                     .interval = ConfidenceInterval{value, value}});
  }
  keep_results(results, directory_);
  const auto read = read_results(directory_);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(std::isnan(read->training_seconds));
  EXPECT_TRUE(std::isnan(read->test_seconds));
  ASSERT_EQ(read->test.measures.size(), 3u);
  for (const TestMeasure& measure : read->test.measures) {
    EXPECT_TRUE(std::isnan(measure.value));
    EXPECT_TRUE(std::isnan(measure.interval->mean));
    EXPECT_TRUE(std::isnan(measure.interval->half_width));
  }
  // What was read can be written again.
  EXPECT_EQ(Json::parse(results_json(*read).dump()), Json::parse(results_json(results).dump()));
}

TEST_F(Results, AMeasureHasItsSignatureAndInterval) {
  const std::vector<std::string> hypotheses = {"the cat sat on a mat", "dogs run fast here now",
                                               "it is what it is today"};
  const std::vector<std::vector<std::string>> references = {
      {"the cat sat on the mat", "dogs run fast here today", "it is what it was today"}};
  const Bleu bleu;
  const SentenceStatistics statistics = bleu.statistics(hypotheses, references);
  const TestMeasure measure = measure_of(bleu, statistics, bleu.signature(1, BootstrapOptions{}));
  EXPECT_EQ(measure.value, corpus_bleu(hypotheses, references).score);
  const ConfidenceInterval expected = bootstrap_interval(bleu, statistics, {});
  EXPECT_EQ(measure.interval->mean, expected.mean);
  EXPECT_EQ(measure.interval->half_width, expected.half_width);
  EXPECT_EQ(measure.signature,
            "nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
}

TEST_F(Results, ARunKeepsWhatItsTestFound) {
  const RunOutcome outcome = run_copy();
  ASSERT_TRUE(outcome.test.has_value());
  const auto results = read_results(directory_ / "run");
  ASSERT_TRUE(results.has_value());
  EXPECT_EQ(results->task, "translation");
  EXPECT_EQ(results->title, "copies <b>");
  EXPECT_EQ(results->seed, 7);
  EXPECT_EQ(results->steps, 2);
  EXPECT_EQ(results->model, "step-2");
  EXPECT_EQ(results->test.line, outcome.test->line);
  EXPECT_EQ(results->test.examples, 4);
  EXPECT_EQ(Json::parse(results->test.decoding)["beam"], 3);
  EXPECT_THAT(results->time, ::testing::MatchesRegex("[0-9-]+T[0-9:]+Z"));
  ASSERT_EQ(results->test.measures.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results->test.measures[i].style.key, outcome.test->measures[i].style.key);
    EXPECT_EQ(results->test.measures[i].value, outcome.test->measures[i].value);
    EXPECT_EQ(results->test.measures[i].interval->half_width,
              outcome.test->measures[i].interval->half_width);
  }
}

TEST_F(Results, ThePageAndTensorBoardShowTheTest) {
  const RunOutcome outcome = run_copy();
  const fs::path run = directory_ / "run";
  const std::string page = read_file(run / "report.html");
  EXPECT_THAT(page, HasSubstr("<div><dt>Test % exact</dt><dd>"));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">Test % of tokens</th>"));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">Tested model</th><td dir=\"auto\">step-2<"));
  EXPECT_THAT(page, HasSubstr("beam 3, "));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">Seed</th><td dir=\"auto\">7</td>"));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">Version</th><td dir=\"auto\">heed 0."));
  EXPECT_THAT(page, HasSubstr("<pre class=\"recipe\">task: &quot;translation&quot;\n"));
  EXPECT_THAT(page, HasSubstr("copies &lt;b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("copies <b>")));
  const auto tests = scalars(run / "events.out.tfevents.heed-test", "test/exact_match");
  ASSERT_EQ(tests.size(), 1u);
  EXPECT_EQ(tests[0].first, 2);
  EXPECT_FLOAT_EQ(tests[0].second, outcome.test->measures[0].value);
  const auto training = scalars(run / "events.out.tfevents.heed", "validation/train_loss");
  ASSERT_EQ(training.size(), 1u);
  EXPECT_FLOAT_EQ(training[0].second,
                  read_metrics(run / "metrics.jsonl").validations.at(0).train_loss);

  // Tested again, it says so once.
  keep_test_result(read_recipe(directory_ / "copy.yaml", {}), run, outcome.training, *outcome.test,
                   1);
  const std::string again = read_file(run / "report.html");
  EXPECT_EQ(std::count(again.begin(), again.end(), '\n'),
            std::count(page.begin(), page.end(), '\n'));
  EXPECT_EQ(scalars(run / "events.out.tfevents.heed-test", "test/exact_match").size(), 1u);
}

TEST_F(Results, WhatWasChangedIsRefusedByName) {
  EXPECT_FALSE(read_results(directory_).has_value());
  for (const char* content : {"{\"heed\": 3}", "{", "[]", "{\"heed\": \"1\"}"}) {
    write_file(directory_ / "results.json", content);
    try {
      read_results(directory_);
      FAIL() << content;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data) << content;
      EXPECT_THAT(error.what(), HasSubstr("results.json"));
    }
  }
}

// Each run of a comparison leaves what a run by itself does.
TEST_F(Results, AreKeptByTheRunsOfAComparison) {
  const auto timeless = [](const fs::path& run) {
    Json json = parse_json(read_file(run / "results.json"), "results.json");
    for (const char* key : {"time", "training_seconds", "test_seconds", "title"}) {
      EXPECT_TRUE(json.contains(key)) << key;
      json.erase(key);
    }
    return json;
  };
  const std::string model =
      "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, feed_forward_size: 8}\n"
      "training: {max_steps: 30, validate_every: 30}\n";
  const std::string toy =
      "task: translation\ndata: {toy: {kind: copy, train_pairs: 60, validation_pairs: 4, "
      "test_pairs: 9}}\ntokenizer: {kind: word, minimum_frequency: 1}\n" +
      model;
  write_file(directory_ / "s", "a b\nb a b\n\na a b b a\n");
  const std::string corpus =
      "task: translation\ndata: {directory: " + directory_.string() +
      ", train: {source: [s], target: [s]}, validation: {source: [s], target: [s]}, "
      "test: {source: [s], target: [s]}}\ntokenizer: {kind: byte}\n" +
      model;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += "Line " + std::to_string(i % 13) + " ends.\n";
  }
  write_file(directory_ / "t", text);
  const std::string language =
      "task: language_modelling\ndata: {directory: " + directory_.string() +
      ", train: [t], validation_share: 0.1, test_share: 0.1, window: 12}\n"
      "tokenizer: {kind: byte}\nmodel: {d_model: 8, layers: 1, heads: 2, feed_forward_size: 8, "
      "max_length: 32}\ntraining: {max_steps: 4, validate_every: 4}\n";
  // The last one's test cuts what a comparison lets go on, and draws by the number of a line.
  for (const std::string& recipe :
       {toy, corpus, language, toy + "decoding: {max_length: 2, beam: 3, n_best: 2}\n",
        corpus + "decoding: {sample: true, seed: 5, max_length: 9}\n"}) {
    SCOPED_TRACE(recipe);
    write_file(directory_ / "recipe.yaml", recipe);
    StudyOptions options;
    options.vary = {"dropout=0.0,0.2"};
    options.seeds = 1;
    options.lengths = {"1x"};
    run_study(read_study(directory_ / "recipe.yaml", options), directory_ / "study");
    for (const std::string dropout : {"0.0", "0.2"}) {
      run_recipe(directory_ / "recipe.yaml", {"model.dropout=" + dropout}, directory_ / "run");
      const fs::path run = directory_ / "study" / ("dropout=" + dropout) / "seed-1";
      EXPECT_EQ(timeless(run), timeless(directory_ / "run"));
      EXPECT_THAT(read_file(run / "report.html"), HasSubstr("Tested model"));
      EXPECT_TRUE(fs::exists(run / "events.out.tfevents.heed-test"));
      fs::remove_all(directory_ / "run");
    }
    fs::remove_all(directory_ / "study");
  }
}

}  // namespace
}  // namespace heed
