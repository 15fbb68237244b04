#include "apps/heed/text_tests.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "heed/base/number_text.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/training/text_scores.h"

namespace heed::app {

namespace {

std::int64_t length_at(double multiple, std::int64_t window) {
  return std::max<std::int64_t>(1, std::llround(multiple * static_cast<double>(window)));
}

// As many of `tokens` as make whole windows of all lengths.
std::int64_t common_tokens(std::int64_t tokens, const std::vector<std::int64_t>& lengths) {
  std::int64_t common = 1;
  for (const std::int64_t length : lengths) {
    common = std::lcm(common, length);
    check_usage(common <= tokens,
                "lengths: windows of all lengths are cut from the same tokens, and no number of "
                "them up to the {} of the test text makes whole windows of each length; take "
                "lengths with common factors, or a longer text",
                tokens);
  }
  return tokens / common * common;
}

}  // namespace

SetResult score_windows(const TokenStore& windows, const Recipe& recipe,
                        const TrainedModel& model) {
  BatchConfig batches = recipe.batches;
  for (const PairLength length : pair_lengths(windows)) {
    batches.batch_tokens = std::max(batches.batch_tokens, length.target);
  }
  SetResult result;
  try {
    result.statistics = window_statistics(*model.model, windows, model.tokenizers, batches,
                                          parse_precision(recipe.precision));
    result.loss = BitsPerCharacter::loss_of(result.statistics.total());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::failure) {
      throw;
    }
    result.statistics = guessed_statistics(windows, model.tokenizers);
    result.refusal = error.what();
  }
  return result;
}

TestPlan plan_text_tests(const Recipe& recipe, const std::vector<double>& multiples,
                         const TrainingData& data, const std::filesystem::path& directory) {
  const TextParts parts = text_of(recipe);
  check_usage(!parts.test.empty() || !parts.validation.empty(),
              "nothing to compare on: name data.text.test, or at least data.text.validation");
  const std::string& text = parts.test.empty() ? parts.validation : parts.test;
  const Tokenizer& tokenizer = *data.tokenizers.target;
  const std::int64_t window = recipe.data.text.window;
  std::vector<std::int64_t> lengths = {window};
  for (const double multiple : multiples) {
    lengths.push_back(length_at(multiple, window));
  }
  const auto predicted = static_cast<std::int64_t>(tokenizer.encode(text).size()) - 1;
  const std::int64_t common = common_tokens(predicted, lengths);
  TestPlan plan{.training_length = window, .length_unit = "characters"};
  plan.measures.metric = std::make_shared<BitsPerCharacter>();
  plan.measures.breaks.ratio = 1.1;
  plan.measures.items = "windows";
  plan.measures.length_note = fmt::format(
      "Columns: characters of a window. Those trained on have {}. Lower is better; a scheme breaks "
      "at the first length beyond where it needs over 10 % more bits than at {}.",
      window, window);
  const auto set_of = [&](const std::string& name, std::int64_t length) {
    plan.sets.push_back({.name = name,
                         .windows = open_text_windows(directory / "cache" / (name + ".tokens"),
                                                      text, tokenizer, length, common)});
    return plan.sets.size() - 1;
  };
  set_of(parts.test.empty() ? "validation-as-test" : "test", window);
  plan.measures.tested_on =
      fmt::format("{} windows of the test text, {} characters each",
                  count_text(static_cast<std::int64_t>(plan.sets[0].size())), window);
  for (const double multiple : multiples) {
    const std::int64_t length = length_at(multiple, window);
    plan.buckets.push_back(
        {.label = fmt::format("{} ({}x)", length, multiple),
         .length = static_cast<double>(length),
         .beyond = length > window,
         .set = length == window ? 0 : set_of(fmt::format("length-{}", length), length)});
  }
  return plan;
}

}  // namespace heed::app
