#include "heed/shots/shot_run.h"

#include "heed/backends/cpu/register.h"
#include "heed/models/language_model.h"
#include "heed/nn/generator_loss.h"
#include "heed/shots/continuation_scores.h"
#include "heed/shots/shot_report.h"
#include "heed/shots/test_tasks.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::HasSubstr;

class Shots : public TaskFileTest {
 protected:
  Shots() : model_((register_cpu_backend(), config()), 259) {
    initialize_parameters(model_, 3);
    const auto tokenizer = std::make_shared<const ByteTokenizer>();
    tokenizers_ = {tokenizer, tokenizer, true};
  }

  static LanguageModelConfig config() {
    LanguageModelConfig config;
    config.d_model = 16;
    config.layers = 2;
    config.heads = 2;
    config.feed_forward_size = 24;
    config.max_length = 48;
    return config;
  }
  TextModel model() const { return {model_, tokenizers_, text_symbols_for(*tokenizers_.target)}; }

  // log p(ending | context), from a pass over both.
  double log_probability(std::vector<int> context, const std::vector<int>& ending) const {
    std::vector<std::int32_t> inputs(context.begin(), context.end()), targets;
    inputs.insert(inputs.end(), ending.begin(), ending.end() - 1);
    targets.assign(inputs.begin() + 1, inputs.end());
    targets.push_back(ending.back());
    const std::int32_t length[] = {static_cast<std::int32_t>(inputs.size())};
    const auto ids = [&](const std::vector<std::int32_t>& values) {
      return Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(values),
                                               {static_cast<std::int64_t>(values.size())});
    };
    ForwardContext forward;
    const Prompts prompts{.source = {},
                          .begun = {.ids = ids(inputs), .rows = make_sequences(length)}};
    const Tensor logits = logits_of(model_, model_.hidden(prompts, forward), forward);
    double sum = 0;
    for (std::size_t row = context.size() - 1; row < targets.size(); ++row) {
      const std::vector<double> values =
          logits.rows(static_cast<std::int64_t>(row), static_cast<std::int64_t>(row) + 1)
              .to_doubles();
      double total = 0;
      for (const double value : values) {
        total += std::exp(value);
      }
      sum += values[static_cast<std::size_t>(targets[row])] - std::log(total);
    }
    return sum;
  }

  LanguageModel model_;
  TokenizerPair tokenizers_;
};

// Contexts are read once and endings step by step: the same as each pair in one pass.
TEST_F(Shots, ScoresAreThoseOfWholeTexts) {
  std::vector<Continuations> items;
  for (int i = 0; i < 9; ++i) {
    Continuations item;
    for (int t = 0; t < 3 + 4 * i % 13; ++t) {
      item.context.push_back(2 + (31 * i + 17 * t) % 256);
    }
    for (int k = 0; k < 1 + i % 4; ++k) {
      item.endings.emplace_back();
      for (int t = 0; t <= (2 * i + 3 * k) % 7; ++t) {
        item.endings.back().push_back(2 + (7 * i + 5 * k + 3 * t) % 256);
      }
    }
    items.push_back(item);
  }
  const auto scores = score_continuations(model_, items, {});
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_EQ(scores[i].size(), items[i].endings.size());
    for (std::size_t k = 0; k < scores[i].size(); ++k) {
      EXPECT_NEAR(scores[i][k].log_probability,
                  log_probability(items[i].context, items[i].endings[k]), 1e-4);
    }
  }
}

TEST_F(Shots, GreedyIsWhatTheModelWouldWrite) {
  const std::vector<int> context = {70, 71, 72};
  const auto logits_best = [&](std::vector<int> tokens) {
    int best = 0;
    double most = -1e9;
    for (int token = 0; token < 259; ++token) {
      const double log_p = log_probability(tokens, {token});
      if (log_p > most) {
        most = log_p;
        best = token;
      }
    }
    return best;
  };
  const int first = logits_best(context);
  const int second = logits_best({70, 71, 72, first});
  const Continuations item{.context = context,
                           .endings = {{first, second}, {first, second + 1}, {first + 1, second}}};
  const auto scores = score_continuations(model_, std::span(&item, 1), {})[0];
  EXPECT_TRUE(scores[0].greedy);
  EXPECT_FALSE(scores[1].greedy);
  EXPECT_FALSE(scores[2].greedy);
}

// A context loses its beginning where the model takes no more.
TEST_F(Shots, LongContextsLoseTheirBeginning) {
  std::vector<int> whole(60, 80);
  whole[30] = 90;
  const std::vector<int> ending = {70, 71};
  const Continuations item{.context = whole, .endings = {ending}};
  const auto scores = score_continuations(model_, std::span(&item, 1), {});
  EXPECT_NEAR(scores[0][0].log_probability,
              log_probability({whole.end() - 47, whole.end()}, ending), 1e-4);
  const Continuations too_long{.context = {5}, .endings = {std::vector<int>(49, 80)}};
  EXPECT_THROW(score_continuations(model_, std::span(&too_long, 1), {}), Error);
}

TEST_F(Shots, ChoicesAreMeasuredByTheirProbability) {
  const ShotTask sums = task(choices);
  const ShotResult result = run_shots(sums, model(), {.shots = 1, .limit = 2});
  ASSERT_EQ(result.measures.size(), 2u);
  EXPECT_EQ(result.prompts.size(), 2u);
  const auto ids = [&](const std::string& text) { return tokenizers_.target->encode(text); };
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& document = sums.documents[i];
    const auto options = document.at("options").get<std::vector<std::string>>();
    const double first = log_probability(ids(result.prompts[i]), ids(" " + options[0]));
    const double second = log_probability(ids(result.prompts[i]), ids(" " + options[1]));
    const int chosen = second > first ? 1 : 0;
    EXPECT_EQ(result.measures[0].values[i], chosen == document.at("gold").get<int>() ? 1 : 0);
    EXPECT_EQ(result.answers[i], options[static_cast<std::size_t>(chosen)]);
  }
}

TEST_F(Shots, TargetsAreMeasuredByPerplexity) {
  const ShotTask sums =
      task("doc_to_target: \" {{options[0]}}\"\ntarget_delimiter: \"\"\n", "loglikelihood");
  const ShotResult result = run_shots(sums, model(), {});
  const auto ids = [&](const std::string& text) { return tokenizers_.target->encode(text); };
  double sum = 0;
  for (const Json& document : sums.documents) {
    sum += log_probability(ids(document.at("q").get<std::string>()),
                           ids(" " + document.at("options")[0].get<std::string>()));
  }
  EXPECT_EQ(result.measures[0].metric, "perplexity");
  EXPECT_NEAR(result.measures[0].value, std::exp(-sum / 3), 1e-3 * std::exp(-sum / 3));
  EXPECT_TRUE(result.measures[0].lower_is_better);
}

TEST_F(Shots, WrittenAnswersAreCompared) {
  const ShotTask sums = task(
      "doc_to_target: gold\ngeneration_kwargs: {until: [\"\\n\"], max_gen_toks: 3}\n"
      "filter_list: [{name: x, filter: [{function: remove_whitespace}, {function: take_first}]}]\n",
      "generate_until");
  const ShotResult result = run_shots(sums, model(), {});
  EXPECT_EQ(result.measures[0].metric, "exact_match");
  for (std::size_t i = 0; i < 3; ++i) {
    const bool same = result.answers[i] == std::to_string(sums.documents[i].at("gold").get<int>());
    EXPECT_EQ(result.measures[0].values[i], same ? 1 : 0);
  }
}

ShotResult result_of(int shots, std::vector<double> values) {
  ShotResult result{.task = "sums", .shots = shots, .prompts = {"a", "b", "c", "d"}};
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  result.measures.push_back({.metric = "acc",
                             .value = sum / static_cast<double>(values.size()),
                             .error = 0.1,
                             .values = values});
  return result;
}

TEST(ShotReport, TellsWhatExceedsChance) {
  std::vector<double> none(40, 0), all(40, 1), some(40, 0);
  some[3] = 1;
  const std::vector<ShotResult> results = {result_of(0, none), result_of(1, some),
                                           result_of(4, all)};
  const auto differences = shot_differences(results);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].shots, 1);
  EXPECT_NEAR(differences[0].difference, 1.0 / 40, 1e-6);
  EXPECT_FALSE(differences[0].exceeds_noise());
  EXPECT_NEAR(differences[1].difference, 1, 1e-6);
  EXPECT_TRUE(differences[1].exceeds_noise());
  const std::string table = shot_table(results);
  EXPECT_THAT(table, HasSubstr("acc 100.00 ± 10.00 *"));
  EXPECT_EQ(shot_json(results).at("differences").size(), 2u);
  EXPECT_THAT(shot_page(results, "model"), HasSubstr("sums: acc"));
  // In the order of the shots, whatever the order they were asked in.
  const ShotResult swapped[] = {results[2], results[0], results[1]};
  EXPECT_EQ(shot_page(swapped, "model"), shot_page(results, "model"));
}

}  // namespace
}  // namespace heed
