// Studies: a recipe, the keys of it that are varied, and the seeds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "heed/comparison/variants.h"
#include "heed/tasks/recipe_document.h"

namespace heed {

// The section `compare` of a study file.
struct CompareConfig {
  std::vector<std::string> vary;
  int seeds = 3;
  std::vector<std::string> lengths;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("vary", vary,
          "keys with the values to compare, such as position.kind=sinusoidal,rotary; every "
          "combination is a variant");
    visit("seeds", seeds, "runs of each variant: with the recipe's seed, the next one, …");
    visit(
        "lengths", lengths,
        "multiples of the training length to test at, such as 1x, 2x, 4x: sequences of a task are "
        "made that long, sentences of a corpus are grouped there, windows of a text are cut that "
        "long");
  }
};

struct StudyVariant {
  Variant variant;
  Recipe recipe;  // with the first seed
};

struct Study {
  CompareConfig compare;
  std::vector<double> multiples;  // of the training length, ascending
  Recipe base;
  Json document;  // what `base` was read from
  std::vector<StudyVariant> variants;
};

// What the command line says in place of the file.
struct StudyOptions {
  std::vector<std::string> overrides;  // KEY=VALUE of the recipe or of compare
  std::vector<std::string> vary;       // replaces compare.vary unless empty
  std::vector<std::string> lengths;
  std::optional<int> seeds;
};

// Reads a recipe with or without a section `compare`, and the recipe of every variant. Errors:
// input_output; usage naming the key, or the variant that the recipe cannot have and why.
Study read_study(const std::filesystem::path& path, const StudyOptions& options);

}  // namespace heed
