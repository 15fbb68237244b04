// Comparisons to test on: sequences with one right answer, and language models.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "heed/base/random.h"
#include "heed/comparison/comparison.h"
#include "heed/comparison/findings.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/metrics/sequence_accuracy.h"

namespace heed {

inline constexpr std::size_t toy_sentences = 200;
inline constexpr std::size_t toy_length = 10;

// A run on a task that gets each token right with this probability.
inline SetResult toy_result(double probability, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> hypotheses, references;
  for (std::size_t i = 0; i < toy_sentences; ++i) {
    hypotheses.emplace_back();
    references.emplace_back();
    for (std::size_t j = 0; j < toy_length; ++j) {
      hypotheses.back() += random.uniform() < probability ? "1 " : "0 ";
      references.back() += "1 ";
    }
  }
  return {.loss = 1 - probability, .statistics = sequence_statistics(hypotheses, references)};
}

inline SetResult refused_result(std::size_t count) {
  const std::vector<std::string> nothing(count);
  const std::vector<std::string> references(count, "1 1 1");
  return {.statistics = sequence_statistics(nothing, references),
          .refusal = "learned positions: length 21 asked for, the table has 16"};
}

// Probabilities at the test set and at lengths 10 and 20.
inline VariantResult toy_variant(const std::string& name, std::vector<double> probabilities,
                                 std::uint64_t first_seed) {
  VariantResult variant{.label = name, .directory = name, .parameters = 1234};
  variant.settings = {{"model.position.kind", name}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    RunResult run{.seed = static_cast<std::int64_t>(seed),
                  .steps = 50,
                  .seconds = 2,
                  .peak_bytes = static_cast<std::int64_t>(seed) << 20};
    for (const double probability : probabilities) {
      run.sets.push_back(probability < 0
                             ? refused_result(toy_sentences)
                             : toy_result(probability, first_seed + 10 * seed + run.sets.size()));
    }
    for (std::int64_t step = 10; step <= 50; step += 10) {
      const auto value = static_cast<double>(seed) / static_cast<double>(step);
      run.metrics.steps.push_back({.step = step, .loss = value, .tokens_per_second = 100.0 * seed});
      run.metrics.validations.push_back(
          {.step = step, .loss = value, .measures = {{"bleu", 50.0}}});
    }
    variant.runs.push_back(run);
  }
  return variant;
}

inline Comparison toy_comparison(std::vector<VariantResult> variants) {
  ComparisonGroup group{.measures = {.metric = std::make_shared<Share>(Share::exact_match()),
                                     .by_length = std::make_shared<Share>(Share::token_accuracy()),
                                     .breaks = {.below = 90},
                                     .share_of = "tokens"},
                        .sets = {"test", "length-10", "length-20"},
                        .sentences = toy_sentences,
                        .training_length = 10,
                        .length_unit = "symbols"};
  group.buckets = {{.label = "10 (1x)", .length = 10, .set = 1},
                   {.label = "20 (2x)", .length = 20, .beyond = true, .set = 2}};
  group.variants = std::move(variants);
  Comparison comparison{.title = "Positions", .subtitle = "four", .notes = {noise_rule(3)}};
  comparison.groups.push_back(std::move(group));
  return comparison;
}

inline Comparison toy_example() {
  return toy_comparison({toy_variant("none", {0.5, 0.5, 0.5}, 1000),
                         toy_variant("rotary", {0.99, 0.99, 0.95}, 2000),
                         toy_variant("learned", {0.99, 0.99, -1}, 3000)});
}

// A language model whose windows of 128, 256 and 512 characters cost these bits a character; below
// 0 it refuses them.
inline VariantResult text_variant(const std::string& name, const std::vector<double>& bits,
                                  std::uint64_t first_seed) {
  VariantResult variant{.label = name, .directory = name};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Random random(first_seed + seed);
    RunResult run{.seed = static_cast<std::int64_t>(seed)};
    std::int64_t length = 128;
    for (const double mean : bits) {
      SetResult set{.statistics = SentenceStatistics(BitsPerCharacter::columns)};
      for (std::int64_t i = 0; i < 100 * 128 / length; ++i) {
        const double cost = (mean < 0 ? 8 : mean) + 0.05 * random.normal();
        set.statistics.append(BitsPerCharacter::row(
            -cost * static_cast<double>(length) * std::log(2.0), length, length));
      }
      if (mean < 0) {
        set.refusal = "the table has 128 rows";
      } else {
        set.loss = BitsPerCharacter::loss_of(set.statistics.total());
      }
      run.sets.push_back(std::move(set));
      length *= 2;
    }
    variant.runs.push_back(std::move(run));
  }
  return variant;
}

inline Comparison text_comparison() {
  ComparisonGroup group{.measures = {.metric = std::make_shared<BitsPerCharacter>(),
                                     .breaks = {.ratio = 1.1},
                                     .items = "windows"},
                        .sets = {"test", "length-256", "length-512"},
                        .sentences = 100,
                        .training_length = 128,
                        .length_unit = "characters"};
  group.buckets = {{.label = "128 (1x)", .length = 128, .set = 0},
                   {.label = "256 (2x)", .length = 256, .beyond = true, .set = 1},
                   {.label = "512 (4x)", .length = 512, .beyond = true, .set = 2}};
  group.variants = {
      text_variant("none", {2.5, 2.6, 3.5}, 100), text_variant("alibi", {2.2, 2.15, 2.1}, 200),
      text_variant("learned", {2.2, 4.0, -1}, 300), text_variant("table", {2.9, -1, -1}, 400)};
  Comparison comparison{.title = "Text", .notes = {noise_rule(3, "windows")}};
  comparison.groups.push_back(std::move(group));
  return comparison;
}

}  // namespace heed
