#include "heed/tasks/language_modelling_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/out_of_resources.h"
#include "heed/interop/load_model.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/typed_recipe.h"
#include "heed/tasks/window_scores.h"
#include "heed/tasks/window_source.h"

namespace heed {

namespace {

namespace fs = std::filesystem;
using Windows = std::shared_ptr<const TextWindows>;

constexpr double break_ratio = 1.1;  // of the bits per character at the training length

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

SetResult score_windows(const Windows& windows, const LanguageModellingRecipe& recipe,
                        const LoadedModel& model) {
  BatchConfig batches = recipe.batches;
  const WindowSource source(windows);
  for (const ExampleSize& size : source.sizes()) {
    batches.batch_tokens = std::max(batches.batch_tokens, size.second);
  }
  SetResult result;
  try {
    result.statistics =
        window_statistics(model.generator(), windows, *model.tokenizers.target, batches,
                          {.precision = parse_precision(recipe.precision)});
    result.loss = BitsPerCharacter::loss_of(result.statistics.total());
  } catch (const Error& error) {
    if (!is_refusal(error)) {
      throw;
    }
    result.statistics = guessed_statistics(*windows, *model.tokenizers.target);
    result.refusal = error.what();
  }
  return result;
}

class WindowTests : public TestPlan {
 public:
  WindowTests(const LanguageModellingRecipe& recipe, const std::vector<double>& multiples,
              const LanguageModellingText& data, const fs::path& directory)
      : window_(recipe.data.window) {
    const TextCorpus corpus = corpus_of(recipe);
    const bool has_test = corpus.has(TextPart::test);
    check_usage(has_test || corpus.has(TextPart::validation),
                "nothing to compare on: name data.test, or at least data.validation");
    const TextPart part = has_test ? TextPart::test : TextPart::validation;
    const std::string name = has_test ? "test" : "validation-as-test";
    unit_ = data.tokenizers.target->kind() == "byte" ? "characters" : "tokens";
    std::vector<std::int64_t> lengths = {window_};
    for (const double multiple : multiples) {
      lengths.push_back(length_at(multiple, window_));
    }
    const auto text = corpus.open({{part, directory / "cache" / (name + ".tokens")}},
                                  *data.tokenizers.target, *context_for(cpu_device).pool)[part];
    const std::int64_t common = common_tokens(text->size() - 1, lengths);
    const auto add_set = [&](const std::string& set, std::int64_t length) {
      names_.push_back(set);
      sets_.push_back(std::make_shared<const TextWindows>(
          text, WindowConfig{.window = length,
                             .stride = length,
                             .document_mask = recipe.data.document_mask,
                             .most = common}));
      return sets_.size() - 1;
    };
    add_set(name, window_);
    for (const double multiple : multiples) {
      const std::int64_t length = length_at(multiple, window_);
      buckets_.push_back(
          {.label = fmt::format("{} ({}x)", length, multiple),
           .length = static_cast<double>(length),
           .beyond = length > window_,
           .set = length == window_ ? 0 : add_set(fmt::format("length-{}", length), length)});
    }
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    group.measures.metric = std::make_shared<BitsPerCharacter>();
    group.measures.breaks.ratio = break_ratio;
    group.measures.items = "windows";
    group.measures.tested_on = fmt::format("{} windows of the test text, {} {} each",
                                           count_text(sets_[0]->size()), window_, unit_);
    group.measures.length_note = fmt::format(
        "Columns: {} of a window. Those trained on have {}. Lower is better; a scheme breaks at "
        "the "
        "first length beyond where it needs over {:.0f} % more bits than at {}.",
        unit_, window_, 100 * (break_ratio - 1), window_);
    group.sets = names_;
    group.sentences = static_cast<std::size_t>(sets_[0]->size());
    group.training_length = window_;
    group.length_unit = unit_;
    group.buckets = buckets_;
    return group;
  }

  Json content() const override {
    Json content = Json::array();
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      const TextWindows& set = *sets_[i];
      content.push_back(fmt::format("{} {:016x} {} {} {}", names_[i], set.text().identity(),
                                    set.config().window, set.predictions(),
                                    set.config().document_mask));
    }
    for (const LengthBucket& bucket : buckets_) {
      content.push_back(bucket.label);
    }
    return content;
  }

  std::vector<std::string> notes() const override {
    return {fmt::format(
        "Bits per character: the average of −log2 p over the characters of the test text, each "
        "given those before it in its window, the first given the one before the window. Lower is "
        "better. Windows of all lengths are cut from the same {} tokens, so that each length "
        "predicts the same text.",
        count_text(sets_[0]->predictions()))};
  }

  // The sets hold what makes whole windows of every length, the test of a run the whole text.
  TestedSets run(const Json& recipe, const fs::path& model, const fs::path&,
                 const fs::path& run) const override {
    const auto typed = typed_recipe<LanguageModellingRecipe>(recipe);
    const LoadedModel loaded = load_model(model);
    TestedSets tested;
    for (const Windows& set : sets_) {
      tested.sets.push_back(score_windows(set, typed, loaded));
    }
    if (tested.sets[0].refusal.empty()) {
      const auto begin = std::chrono::steady_clock::now();
      make_directory(run / "cache");
      tested.test = test_language_modelling(typed, model, run);
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
      tested.test_seconds = time.count();
    }
    return tested;
  }

 private:
  std::int64_t window_;
  std::string unit_;
  std::vector<std::string> names_;
  std::vector<Windows> sets_;
  std::vector<LengthBucket> buckets_;
};

}  // namespace

std::optional<TestResult> test_language_modelling(const LanguageModellingRecipe& recipe,
                                                  const fs::path& model, const fs::path& run) {
  const TextCorpus corpus = corpus_of(recipe);
  if (!corpus.has(TextPart::test)) {
    return std::nullopt;
  }
  const LoadedModel loaded = load_model(model);
  const Tokenizer& tokenizer = *loaded.tokenizers.target;
  make_directory(run / "cache");
  const auto text = corpus.open({{TextPart::test, run / "cache" / "test.tokens"}}, tokenizer,
                                *context_for(cpu_device).pool)[TextPart::test];
  const auto windows = std::make_shared<const TextWindows>(text, held_out_windows(recipe));
  const SetResult result = score_windows(windows, recipe, loaded);
  check(result.loss.has_value(), "{}", result.refusal);
  const TextScore score = score_of_text(result.statistics, *text, tokenizer);
  const TestMeasure bits = measure_of(BitsPerCharacter(), result.statistics);
  const auto lower = [](const char* key, const char* name, int decimals) {
    return MetricStyle{.key = key, .name = name, .decimals = decimals, .lower_is_better = true};
  };
  return TestResult{
      .line = fmt::format("bits per character: {:.3f}, loss: {:.4f}", bits.value, score.loss),
      .measures = {bits,
                   {.style = lower("loss", "loss", 3), .value = score.loss},
                   {.style = lower("perplexity", "perplexity", 2), .value = score.perplexity},
                   {.style = lower("word_perplexity", "perplexity by word", 2),
                    .value = score.word_perplexity}},
      .examples = windows->size()};
}

void check_language_modelling_multiples(const LanguageModellingRecipe& recipe,
                                        const std::vector<double>& multiples) {
  if (multiples.empty()) {
    return;
  }
  const double longest = std::round(multiples.back() * recipe.data.window);
  check_usage(longest <= recipe.model.max_length,
              "length {}x is {:.0f} tokens, but model.max_length is {}", multiples.back(), longest,
              recipe.model.max_length);
}

std::unique_ptr<TestPlan> plan_language_modelling_tests(const LanguageModellingRecipe& recipe,
                                                        const std::vector<double>& multiples,
                                                        const LanguageModellingText& data,
                                                        const fs::path& directory) {
  return std::make_unique<WindowTests>(recipe, multiples, data, directory);
}

}  // namespace heed
