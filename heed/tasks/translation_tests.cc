#include "heed/tasks/translation_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "heed/autograd/gradient.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/out_of_resources.h"
#include "heed/interop/load_model.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/pair_source.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/translation_sets.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr double break_accuracy = 90;  // percent of the tokens

std::vector<std::string> translate(const LoadedModel& translator,
                                   std::span<const std::string> sources,
                                   const DecodingConfig& decoding, MatmulPrecision precision) {
  return LineTranslator({translator.generator(), translator.tokenizers, translator.symbols},
                        decoding, {.precision = precision})
      .best_of(sources);
}

TestResult result_of(const TranslationRecipe& recipe, const SentenceStatistics& statistics) {
  TestResult result{.examples = static_cast<std::int64_t>(statistics.rows()),
                    .decoding = config_to_json(recipe.decoding).dump()};
  if (recipe.data.toy.kind.empty()) {
    const Bleu bleu;
    result.line = bleu.line(statistics, 1);
    result.measures = {
        measure_of(bleu, statistics, bleu.signature(1, std::optional(BootstrapOptions{})))};
    return result;
  }
  const auto total = statistics.total();
  const Share exact = Share::exact_match(), tokens = Share::token_accuracy();
  result.line = fmt::format("exact match: {:.1f} %, tokens: {:.1f} %", exact.score_of(total),
                            tokens.score_of(total));
  result.measures = {measure_of(exact, statistics), measure_of(tokens, statistics)};
  return result;
}

SentenceStatistics statistics_of(const TranslationRecipe& recipe,
                                 std::span<const std::string> translations,
                                 const std::vector<std::string>& references) {
  return recipe.data.toy.kind.empty()
             ? Bleu().statistics(translations, std::vector<std::vector<std::string>>{references})
             : sequence_statistics(translations, references);
}

class TranslationTests : public TestPlan {
 public:
  TranslationTests(const TranslationRecipe& recipe, const std::vector<double>& multiples,
                   const TranslationCorpora& data, const fs::path& directory)
      : toy_(recipe.data.toy) {
    const CorpusPlaces places = corpora_of(recipe, directory);
    has_test_ = has_files(places.test);
    check_usage(has_test_ || has_files(places.validation),
                "nothing to compare on: name data.test, or at least data.validation");
    divided_.sets.push_back(has_test_
                                ? read_translation_set("test", places.test)
                                : read_translation_set("validation-as-test", places.validation));
    if (is_toy()) {
      training_length_ = toy_.maximum_length;
      for (const double multiple : multiples) {
        add_toy_length(toy_, multiple, directory, divided_);
      }
    } else {
      for (std::int64_t i = 0; i < data.train->size(); ++i) {
        training_length_ =
            std::max(training_length_, static_cast<std::int64_t>(data.train->source(i).size()));
      }
    }
    if (divided_.buckets.empty()) {
      divide_by_length(*data.tokenizers.source, multiples, training_length_, divided_);
    }
  }

  ComparisonGroup group() const override {
    ComparisonGroup group;
    if (is_toy()) {
      group.measures.metric = std::make_shared<Share>(Share::exact_match());
      group.measures.by_length = std::make_shared<Share>(Share::token_accuracy());
      group.measures.breaks.below = break_accuracy;
      group.measures.share_of = "tokens";
    } else {
      group.measures.metric = std::make_shared<Bleu>();
    }
    group.length_unit = is_toy() ? "symbols" : "tokens";
    group.measures.length_note =
        fmt::format("Columns: {} of the source. The longest trained on has {}.", group.length_unit,
                    training_length_);
    for (const TranslationSet& set : divided_.sets) {
      group.sets.push_back(set.name);
    }
    group.sentences = divided_.sets[0].sources.size();
    group.training_length = training_length_;
    group.buckets = divided_.buckets;
    return group;
  }

  Json content() const override {
    Json content = Json::array();
    for (const TranslationSet& set : divided_.sets) {
      content.push_back(fmt::format("{} {:016x}", set.name, set.corpus.fingerprint()));
    }
    for (const LengthBucket& bucket : divided_.buckets) {
      content.push_back(bucket.label);
    }
    return content;
  }

  std::vector<std::string> notes() const override {
    if (!is_toy()) {
      return {};
    }
    return {fmt::format(
        "Task: sequences of {} to {} symbols out of {}, {} to learn from. A token counts as right "
        "at its place; what is missing or too much counts as wrong. Test sets by length have {} "
        "sequences each.",
        toy_.minimum_length, toy_.maximum_length, count_text(toy_.symbols),
        count_text(toy_.train_pairs), count_text(toy_.test_pairs))};
  }

  TestedSets run(const Json& recipe, const fs::path& model, const fs::path& directory,
                 const fs::path& run) const override {
    const auto typed = typed_recipe<TranslationRecipe>(recipe);
    const LoadedModel translator = load_model(model);
    TestedSets tested;
    for (std::size_t set = 0; set < divided_.sets.size(); ++set) {
      const auto begin = std::chrono::steady_clock::now();
      bool as_the_recipe_says = true;
      tested.sets.push_back(run_set(set, typed, translator, directory, run, as_the_recipe_says));
      if (set == 0 && has_test_ && tested.sets[0].refusal.empty()) {
        tested.test = result_of(typed, as_the_recipe_says ? tested.sets[0].statistics
                                                          : test_statistics(typed, translator));
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
        tested.test_seconds = time.count();
      }
    }
    return tested;
  }

 private:
  bool is_toy() const { return !toy_.kind.empty(); }

  // Of the first set, decoded as the test of a run is.
  SentenceStatistics test_statistics(const TranslationRecipe& recipe,
                                     const LoadedModel& translator) const {
    const TranslationSet& set = divided_.sets[0];
    return statistics_of(
        recipe,
        translate(translator, set.sources, recipe.decoding, parse_precision(recipe.precision)),
        set.references);
  }

  // The parts of a set that are decoded by themselves, so that a refusal touches no other.
  std::vector<std::vector<std::size_t>> parts_of(std::size_t set) const {
    std::vector<std::vector<std::size_t>> parts;
    for (const LengthBucket& bucket : divided_.buckets) {
      if (bucket.set == set && !bucket.sentences.empty()) {
        parts.push_back(bucket.sentences);
      }
    }
    if (parts.empty()) {
      parts.emplace_back(divided_.sets[set].sources.size());
      for (std::size_t i = 0; i < parts[0].size(); ++i) {
        parts[0][i] = i;
      }
    }
    return parts;
  }

  // A right answer must not be cut off; a few tokens more show one that does not end.
  static DecodingConfig decoding_of(const TranslationSet& set, const std::vector<std::size_t>& part,
                                    const TranslationRecipe& recipe, const Tokenizer& tokenizer) {
    std::size_t longest = 0;
    for (const std::size_t i : part) {
      longest = std::max(longest, tokenizer.encode(set.references[i]).size());
    }
    DecodingConfig decoding = recipe.decoding;
    decoding.n_best = 1;
    decoding.max_length = std::max(decoding.max_length, static_cast<int>(longest) + 10);
    return decoding;
  }

  // Translates one part of a set; what the model refuses stays empty. Returns the refusal.
  static std::string translate_part(const TranslationSet& set, const std::vector<std::size_t>& part,
                                    const DecodingConfig& decoding, MatmulPrecision precision,
                                    const LoadedModel& translator,
                                    std::vector<std::string>& translations) {
    std::vector<std::string> sources;
    for (const std::size_t i : part) {
      sources.push_back(set.sources[i]);
    }
    try {
      const auto texts = translate(translator, sources, decoding, precision);
      for (std::size_t i = 0; i < part.size(); ++i) {
        translations[part[i]] = texts[i];
      }
    } catch (const Error& error) {
      if (!is_refusal(error)) {
        throw;
      }
      return error.what();
    }
    return {};
  }

  static std::optional<double> loss_on(const TranslationSet& set, const TranslationRecipe& recipe,
                                       const LoadedModel& translator, const fs::path& directory) {
    const LengthConfig length{.longest = recipe.model.max_length, .too_long = "cut"};
    const auto encoded =
        open_encoded_corpus(directory / "cache" / (set.name + ".tokens"), set.corpus,
                            translator.tokenizers, length, *context_for(cpu_device).pool);
    BatchConfig batches = recipe.batches;
    batches.batch_tokens = std::max(batches.batch_tokens, length.longest);
    const PairSource source(encoded.store, translator.symbols);
    try {
      const double loss =
          mean_loss(translator.generator(), source, batches, parse_precision(recipe.precision));
      return std::isfinite(loss) ? std::optional(loss) : std::nullopt;
    } catch (const Error& error) {
      if (!is_refusal(error)) {
        throw;
      }
      return std::nullopt;
    }
  }

  // `as_the_recipe_says`: whether the set was decoded as the test of a run decodes it.
  SetResult run_set(std::size_t number, const TranslationRecipe& recipe,
                    const LoadedModel& translator, const fs::path& directory, const fs::path& run,
                    bool& as_the_recipe_says) const {
    const TranslationSet& set = divided_.sets[number];
    SetResult result;
    std::vector<std::string> translations(set.sources.size());
    const std::vector<std::vector<std::size_t>> parts = parts_of(number);
    as_the_recipe_says = recipe.decoding.n_best == 1 &&
                         (!recipe.decoding.sample || parts.size() == 1);  // drawn line by line
    for (const auto& part : parts) {
      const DecodingConfig decoding = decoding_of(set, part, recipe, *translator.tokenizers.target);
      as_the_recipe_says = as_the_recipe_says && decoding.max_length == recipe.decoding.max_length;
      const std::string refusal = translate_part(
          set, part, decoding, parse_precision(recipe.precision), translator, translations);
      result.refusal = result.refusal.empty() ? refusal : result.refusal;
    }
    result.loss = loss_on(set, recipe, translator, directory);
    result.statistics = statistics_of(recipe, translations, set.references);
    std::string text;
    for (const std::string& line : translations) {
      text += line + "\n";
    }
    make_directory(run / "test");
    write_file_atomically(run / "test" / (set.name + ".txt"), text);
    return result;
  }

  ToyTaskConfig toy_;
  std::int64_t training_length_ = 0;
  DividedSets divided_;
  bool has_test_ = false;
};

}  // namespace

std::optional<TestResult> test_translation(const TranslationRecipe& recipe, const fs::path& model,
                                           const fs::path& run) {
  const CorpusFiles files = corpora_of(recipe, run).test;
  if (!has_files(files)) {
    return std::nullopt;
  }
  const TranslationSet set = read_translation_set("test", files);
  const LoadedModel translator = load_model(model);
  const auto translations =
      translate(translator, set.sources, recipe.decoding, parse_precision(recipe.precision));
  return result_of(recipe, statistics_of(recipe, translations, set.references));
}

void try_out_translation(const TranslationRecipe& recipe, const TranslationCorpora& data,
                         const Translator& model) {
  const NoGradientScope no_gradients;
  DecodingConfig decoding = recipe.decoding;
  decoding.max_length = 2;
  std::vector<int> source(data.train->source(0).begin(), data.train->source(0).end());
  source.push_back(model.vocabulary().symbols.source_end);
  heed::translate(model, {{source}}, model.vocabulary().symbols, decoding,
                  {.precision = parse_precision(recipe.precision)});
}

void check_translation_multiples(const TranslationRecipe& recipe,
                                 const std::vector<double>& multiples) {
  const ToyTaskConfig& toy = recipe.data.toy;
  if (toy.kind.empty() || multiples.empty()) {
    return;
  }
  const double longest = std::round(multiples.back() * toy.maximum_length);
  check_usage(longest + 1 <= recipe.model.max_length,
              "length {}x is {:.0f} symbols, {:.0f} tokens with </s>, but model.max_length is {}",
              multiples.back(), longest, longest + 1, recipe.model.max_length);
}

std::unique_ptr<TestPlan> plan_translation_tests(const TranslationRecipe& recipe,
                                                 const std::vector<double>& multiples,
                                                 const TranslationCorpora& data,
                                                 const fs::path& directory) {
  return std::make_unique<TranslationTests>(recipe, multiples, data, directory);
}

}  // namespace heed
