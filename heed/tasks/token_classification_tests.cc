#include "heed/tasks/token_classification_tests.h"

#include <fmt/format.h>

#include <chrono>

#include "heed/base/error.h"
#include "heed/base/hash.h"
#include "heed/base/number_text.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/entities.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/token_classification_data.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/training/validation_table.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// A model on the test sentences of a recipe.
struct TestedSentences {
  SentenceStatistics rows = SentenceStatistics(tag_columns);
  double loss = 0;
  bool entities = false;
};

TestedSentences tested_sentences(const TokenClassificationRecipe& recipe, const fs::path& path) {
  const LoadedModel loaded = load_model(path);
  const auto& model = loaded.as<HeadedEncoder>();
  check_usage(model.config().head.kind == "token", "{}: this is no tagger", path.string());
  const LabelSet tags(model.config().head.labels);
  const TaggedTexts texts(
      read_test_sentences(recipe), *loaded.tokenizers.target, tags,
      {.longest = recipe.data.max_tokens > 0 ? recipe.data.max_tokens : model.longest(),
       .windows = true,
       .stride = recipe.data.stride});
  const auto scores = tag_scores(model, texts, recipe.batches.batch_tokens,
                                 {.precision = parse_precision(recipe.precision)});
  return {.rows = tag_statistics(texts, scores, tags),
          .loss = tag_loss(texts, scores, tags.size()),
          .entities = recipe.data.scheme == "entities" ||
                      (recipe.data.scheme == "auto" && are_entity_tags(tags.names()))};
}

TestResult result_of(const TestedSentences& tested) {
  TestResult result{.examples = static_cast<std::int64_t>(tested.rows.rows())};
  for (const auto& metric : tag_metrics(tested.entities)) {
    result.measures.push_back(measure_of(*metric, tested.rows));
    const TestMeasure& measure = result.measures.back();
    result.line += fmt::format("{}{}: {}", result.line.empty() ? "" : ", ", measure.style.name,
                               measure_text(measure.style, measure.value));
  }
  const MetricStyle loss{.key = "loss", .name = "loss", .decimals = 4, .lower_is_better = true};
  result.measures.push_back({.style = loss, .value = tested.loss});
  return result;
}

class TaggingTests : public TestPlan {
 public:
  TaggingTests(const TokenClassificationRecipe& recipe, const TokenClassificationTexts& data)
      : entities_(data.entities) {
    const auto sentences = read_test_sentences(recipe);
    count_ = sentences.size();
    std::string all;
    for (const TaggedSentence& sentence : sentences) {
      all +=
          fmt::format("{} | {}\n", fmt::join(sentence.words, " "), fmt::join(sentence.tags, " "));
    }
    content_ = fmt::format("{:016x}", hash_of(all));
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    const auto metrics = tag_metrics(entities_);
    group.measures.metric = metrics.front();
    group.measures.besides.assign(metrics.begin() + 1, metrics.end());
    group.measures.tested_on =
        fmt::format("{} test sentences", count_text(static_cast<std::int64_t>(count_)));
    group.sets = {"test"};
    group.sentences = count_;
    return group;
  }
  Json content() const override { return content_; }
  std::vector<std::string> notes() const override { return {}; }
  TestedSets run(const Json& recipe, const fs::path& model, const fs::path&,
                 const fs::path&) const override {
    const auto begin = std::chrono::steady_clock::now();
    const TestedSentences tested =
        tested_sentences(typed_recipe<TokenClassificationRecipe>(recipe), model);
    TestedSets result;
    result.sets.push_back({.loss = tested.loss, .statistics = tested.rows});
    result.test = result_of(tested);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    result.test_seconds = time.count();
    return result;
  }

 private:
  bool entities_;
  std::size_t count_ = 0;
  std::string content_;
};

}  // namespace

std::optional<TestResult> test_token_classification(const TokenClassificationRecipe& recipe,
                                                    const fs::path& model) {
  if (recipe.data.test.empty()) {
    return std::nullopt;
  }
  return result_of(tested_sentences(recipe, model));
}

std::unique_ptr<TestPlan> plan_token_classification_tests(const TokenClassificationRecipe& recipe,
                                                          const TokenClassificationTexts& data) {
  return std::make_unique<TaggingTests>(recipe, data);
}

}  // namespace heed
