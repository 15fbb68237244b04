#include "heed/tasks/question_answering_data.h"

#include <fmt/format.h>

#include <chrono>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/number_text.h"
#include "heed/data/stratified.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/answers.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/task_files.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/training/validation_table.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

std::vector<AskedContext> read_contexts(const QuestionAnsweringRecipe& recipe,
                                        const std::string& file, const std::string& articles,
                                        const std::string& key) {
  return read_question_file(fs::path(recipe.data.directory) / file, parse_articles(articles, key));
}

std::vector<AskedContext> test_contexts(const QuestionAnsweringRecipe& recipe) {
  return read_contexts(recipe, recipe.data.test, recipe.data.test_articles, "data.test_articles");
}

std::uint64_t fingerprint_of_contexts(std::span<const AskedContext> contexts) {
  std::string all;
  for (const AskedContext& context : contexts) {
    all += context.context + "\x1d";
    for (const AskedQuestion& question : context.questions) {
      all += fmt::format("{}\x1e{}\x1d", question.question, fmt::join(question.answers, "\x1f"));
    }
  }
  return fingerprint_of(all);
}

std::size_t count_questions(std::span<const AskedContext> contexts) {
  std::size_t count = 0;
  for (const AskedContext& context : contexts) {
    count += context.questions.size();
  }
  return count;
}

SentenceStatistics tested_questions(const QuestionAnsweringRecipe& recipe, const fs::path& path) {
  const LoadedModel loaded = load_model(path);
  const auto& model = loaded.as<HeadedEncoder>();
  check_usage(model.config().head.kind == "question", "{}: this model does not answer questions",
              path.string());
  const auto contexts = test_contexts(recipe);
  const AskedTexts texts(
      contexts, *loaded.tokenizers.target,
      {.longest = recipe.data.max_tokens > 0 ? recipe.data.max_tokens : model.longest(),
       .windows = true,
       .stride = recipe.data.stride},
      false);
  return answer_statistics(
      contexts, found_answers(model, texts, recipe.data.answer_tokens, recipe.batches.batch_tokens,
                              {.precision = parse_precision(recipe.precision)}));
}

TestResult result_of(const SentenceStatistics& rows) {
  TestResult result{.examples = static_cast<std::int64_t>(rows.rows())};
  result.measures = {measure_of(AnswerMetric::f1(), rows), measure_of(AnswerMetric::exact(), rows)};
  result.line = fmt::format("F1: {:.2f}, exact match: {:.2f}", result.measures[0].value,
                            result.measures[1].value);
  return result;
}

class QuestionTests : public TestPlan {
 public:
  explicit QuestionTests(const QuestionAnsweringRecipe& recipe) {
    const auto contexts = test_contexts(recipe);
    count_ = count_questions(contexts);
    content_ = fingerprint_text(fingerprint_of_contexts(contexts));
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    group.measures.metric = std::make_shared<AnswerMetric>(AnswerMetric::f1());
    group.measures.besides = {std::make_shared<AnswerMetric>(AnswerMetric::exact())};
    group.measures.items = "questions";
    group.measures.tested_on =
        fmt::format("{} test questions", count_text(static_cast<std::int64_t>(count_)));
    group.sets = {"test"};
    group.sentences = count_;
    return group;
  }
  Json content() const override { return content_; }
  std::vector<std::string> notes() const override { return {}; }
  TestedSets run(const Json& recipe, const fs::path& model, const fs::path&,
                 const fs::path&) const override {
    const auto begin = std::chrono::steady_clock::now();
    TestedSets result;
    result.sets.push_back(
        {.statistics = tested_questions(typed_recipe<QuestionAnsweringRecipe>(recipe), model)});
    result.test = result_of(result.sets.front().statistics);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    result.test_seconds = time.count();
    return result;
  }

 private:
  std::size_t count_ = 0;
  std::string content_;
};

}  // namespace

void QuestionAnsweringTexts::keep_in(const fs::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

QuestionAnsweringTexts read_question_answering(const QuestionAnsweringRecipe& recipe) {
  const QuestionAnsweringData& data = recipe.data;
  QuestionAnsweringTexts texts;
  texts.train = read_contexts(recipe, data.train, data.train_articles, "data.train_articles");
  if (!data.validation.empty()) {
    texts.validation = read_contexts(recipe, data.validation, data.validation_articles,
                                     "data.validation_articles");
  } else if (data.validation_share > 0) {
    const std::vector<std::string> alike(texts.train.size(), "context");
    const auto held =
        stratified_share(alike, data.validation_share, static_cast<std::uint64_t>(recipe.seed));
    for (auto number = held.rbegin(); number != held.rend(); ++number) {
      texts.validation.insert(texts.validation.begin(), std::move(texts.train[*number]));
      texts.train.erase(texts.train.begin() + *number);
    }
  }
  check_data(count_questions(texts.train) > 0, "{}: no question is left to learn from", data.train);
  return texts;
}

void check_question_answering_data(const QuestionAnsweringRecipe& recipe) {
  read_question_answering(recipe);
  if (!recipe.data.test.empty()) {
    test_contexts(recipe);
  }
}

std::shared_ptr<const QuestionAnsweringTexts> prepare_question_answering(
    const QuestionAnsweringRecipe& recipe, const TaskPlace& place) {
  auto data = std::make_shared<QuestionAnsweringTexts>(read_question_answering(recipe));
  const PairStream texts = [&](const PairVisitor& visit) {
    for (const AskedContext& context : data->train) {
      visit(context.context, {});
      for (const AskedQuestion& question : context.questions) {
        visit(question.question, {});
      }
    }
  };
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] {
        return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed), texts,
                                [&](const std::string& remark) { place.progress.warning(remark); });
      },
      place);
  const auto tell = [&](const char* title, std::span<const AskedContext> contexts) {
    if (!contexts.empty()) {
      data->fingerprints[title] = fingerprint_text(fingerprint_of_contexts(contexts));
      place.progress.line(
          fmt::format("{}: {} questions about {} texts", title,
                      count_text(static_cast<std::int64_t>(count_questions(contexts))),
                      count_text(static_cast<std::int64_t>(contexts.size()))));
    }
  };
  tell("training", data->train);
  tell("validation", data->validation);
  return data;
}

Json question_answering_identity(const QuestionAnsweringRecipe& recipe) {
  const QuestionAnsweringTexts texts = read_question_answering(recipe);
  return {{"tokenizer", config_to_json(recipe.tokenizer)},
          {"train", fingerprint_text(fingerprint_of_contexts(texts.train))},
          {"validation", fingerprint_text(fingerprint_of_contexts(texts.validation))},
          {"init_from", recipe.init_from},
          {"seed", recipe.seed}};
}

SentenceStatistics answer_statistics(std::span<const AskedContext> contexts,
                                     std::span<const FoundAnswer> answers) {
  SentenceStatistics rows(answer_columns);
  std::size_t next = 0;
  for (const AskedContext& context : contexts) {
    for (const AskedQuestion& question : context.questions) {
      rows.append(answer_row(answers[next++].text, question.answers));
    }
  }
  return rows;
}

std::optional<TestResult> test_question_answering(const QuestionAnsweringRecipe& recipe,
                                                  const fs::path& model) {
  if (recipe.data.test.empty()) {
    return std::nullopt;
  }
  return result_of(tested_questions(recipe, model));
}

std::unique_ptr<TestPlan> plan_question_answering_tests(const QuestionAnsweringRecipe& recipe) {
  return std::make_unique<QuestionTests>(recipe);
}

}  // namespace heed
