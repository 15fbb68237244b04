#include "heed/tasks/masked_language_modelling_tests.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/out_of_resources.h"
#include "heed/data/batching.h"
#include "heed/interop/load_model.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/tasks/mask_filler.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

Share guessed_share() {
  return {masked_language_modelling_measures(false)[0].style, 0, 1};
}

// Of each window, in order: hidden tokens that were guessed; hidden tokens.
SentenceStatistics masked_statistics(const TextEncoder& model, const MaskedSource& source,
                                     const BatchConfig& batches, const ForwardContext& context) {
  const std::size_t count = source.sizes().size();
  std::vector<std::array<std::int64_t, 2>> rows(count);
  const BatchPlan plan = make_ordered_plan(source.sizes(), batches);
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    const auto made = source.make(plan.batch(i), 0);
    const auto& batch = static_cast<const MaskedBatch&>(*made);
    const std::vector<std::int32_t> best = best_guesses(model, batch, context);
    const auto targets = batch.targets.values<std::int32_t>();
    std::size_t at = 0;
    for (std::size_t s = 0; s < plan.batch(i).size(); ++s) {
      auto& row = rows[plan.batch(i)[s]];
      for (; std::cmp_less(at, batch.masked_ends[s]); ++at) {
        row[0] += best[at] == targets[at] ? 1 : 0;
        ++row[1];
      }
    }
  }
  SentenceStatistics statistics(2);
  for (const auto& row : rows) {
    statistics.append(row);
  }
  return statistics;
}

MaskedSource source_for(const MaskedLanguageModellingRecipe& recipe, const Tokenizer& tokenizer,
                        std::shared_ptr<const TokenText> text) {
  const auto seed = static_cast<std::uint64_t>(recipe.seed);
  return {std::move(text), masked_windows_of(recipe),
          std::make_shared<const Masking>(recipe.data.masking, tokenizer, seed), tokenizer, seed};
}

class MaskedTests : public TestPlan {
 public:
  MaskedTests(const MaskedLanguageModellingRecipe& recipe, const LanguageModellingText& data,
              const fs::path& directory) {
    const TextCorpus corpus = corpus_of(text_recipe_of(recipe));
    const bool has_test = corpus.has(TextPart::test);
    check_usage(has_test || corpus.has(TextPart::validation),
                "nothing to compare on: name data.test, or at least data.validation");
    const TextPart part = has_test ? TextPart::test : TextPart::validation;
    name_ = has_test ? "test" : "validation-as-test";
    const Tokenizer& tokenizer = *data.tokenizers.target;
    text_ = corpus.open({{part, directory / "cache" / (name_ + ".tokens")}}, tokenizer,
                        *context_for(cpu_device).pool)[part];
    windows_ = source_for(recipe, tokenizer, text_).sizes().size();
    window_ = recipe.data.window;
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    group.measures.metric = std::make_shared<Share>(guessed_share());
    group.measures.items = "windows";
    group.measures.tested_on =
        fmt::format("{} windows of the test text, up to {} tokens each, masked alike",
                    count_text(static_cast<std::int64_t>(windows_)), window_);
    group.sets = {name_};
    group.sentences = windows_;
    return group;
  }

  Json content() const override {
    return Json::array({fmt::format("{} {:016x} {}", name_, text_->identity(), window_)});
  }

  std::vector<std::string> notes() const override {
    return {
        "Share of hidden tokens that are guessed, of the test text with the masks that the "
        "recipe says: variants with other shares of masks are asked for other tokens."};
  }

  TestedSets run(const Json& recipe, const fs::path& model, const fs::path&,
                 const fs::path& run) const override {
    const auto typed = typed_recipe<MaskedLanguageModellingRecipe>(recipe);
    const LoadedModel loaded = load_model(model);
    const auto& encoder = loaded.as<TextEncoder>();
    const MaskedSource source = source_for(typed, *loaded.tokenizers.target, text_);
    const ForwardContext context{.precision = parse_precision(typed.precision)};
    TestedSets tested;
    SetResult& set = tested.sets.emplace_back();
    set.statistics = masked_statistics(encoder, source, typed.batches, context);
    set.loss = masked_score(encoder, source, typed.batches, context).mean_loss();
    const auto begin = std::chrono::steady_clock::now();
    make_directory(run / "cache");
    tested.test = test_masked_language_modelling(typed, model, run);
    tested.test_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return tested;
  }

 private:
  std::string name_;
  std::shared_ptr<const TokenText> text_;
  std::size_t windows_ = 0;
  std::int64_t window_ = 0;
};

}  // namespace

std::optional<TestResult> test_masked_language_modelling(
    const MaskedLanguageModellingRecipe& recipe, const fs::path& model, const fs::path& run) {
  const TextCorpus corpus = corpus_of(text_recipe_of(recipe));
  if (!corpus.has(TextPart::test)) {
    return std::nullopt;
  }
  const LoadedModel loaded = load_model(model);
  const Tokenizer& tokenizer = *loaded.tokenizers.target;
  make_directory(run / "cache");
  const auto text = corpus.open({{TextPart::test, run / "cache" / "test.tokens"}}, tokenizer,
                                *context_for(cpu_device).pool)[TextPart::test];
  const MaskedSource source = source_for(recipe, tokenizer, text);
  const ForwardContext context{.precision = parse_precision(recipe.precision)};
  const auto& encoder = loaded.as<TextEncoder>();
  const MaskedScore score = masked_score(encoder, source, recipe.batches, context);
  const TestMeasure guessed =
      measure_of(guessed_share(), masked_statistics(encoder, source, recipe.batches, context));
  TestResult result{
      .line = fmt::format("hidden tokens guessed: {:.2f} %, loss: {:.4f}", guessed.value,
                          score.mean_loss()),
      .measures =
          {guessed,
           {.style = {.key = "loss", .name = "loss", .decimals = 3, .lower_is_better = true},
            .value = score.mean_loss()}},
      .examples = static_cast<std::int64_t>(source.sizes().size())};
  if (score.pairs > 0) {
    result.line += fmt::format(", next sentence: {:.2f} %", score.next_sentence_accuracy());
    result.measures.push_back({.style = masked_language_modelling_measures(true)[1].style,
                               .value = score.next_sentence_accuracy()});
  }
  return result;
}

std::unique_ptr<TestPlan> plan_masked_language_modelling_tests(
    const MaskedLanguageModellingRecipe& recipe, const LanguageModellingText& data,
    const fs::path& directory) {
  return std::make_unique<MaskedTests>(recipe, data, directory);
}

}  // namespace heed
