#include "apps/heed/study.h"

#include <algorithm>
#include <charconv>

namespace heed::app {

namespace {

constexpr int most_seeds = 100;

// What the models of a study are tested on hangs on these: variants that differ there stand in
// groups of their own.
const std::vector<std::string> keys_of_test_data = {"data.directory", "data.task", "data.test",
                                                    "data.text"};

double parse_multiple(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  check_usage(error == std::errc() && rest + 1 == end && *rest == 'x' && value > 0 && value <= 1000,
              "lengths: '{}' is no multiple of the training length; write 1x, 2x or 1.5x", text);
  return value;
}

std::vector<double> parse_multiples(const std::vector<std::string>& lengths) {
  std::vector<double> multiples;
  for (const std::string& length : lengths) {
    multiples.push_back(parse_multiple(length));
  }
  std::sort(multiples.begin(), multiples.end());
  check_usage(std::adjacent_find(multiples.begin(), multiples.end()) == multiples.end(),
              "lengths: one length is given twice");
  return multiples;
}

CompareConfig take_compare_section(Json& document, const std::filesystem::path& path,
                                   const StudyOptions& options) {
  CompareConfig compare;
  if (document.contains("compare")) {
    compare = config_from_json<CompareConfig>(document["compare"], path.string() + ": compare");
    document.erase("compare");
  }
  if (!options.vary.empty()) {
    compare.vary = options.vary;
  }
  if (!options.lengths.empty()) {
    compare.lengths = options.lengths;
  }
  compare.seeds = options.seeds.value_or(compare.seeds);
  check_usage(compare.seeds >= 1 && compare.seeds <= most_seeds, "seeds: must be in 1 … {}, got {}",
              most_seeds, compare.seeds);
  check_usage(!compare.vary.empty(),
              "{}: nothing to compare; say --vary KEY=VALUE,VALUE or compare.vary in the file",
              path.string());
  return compare;
}

Recipe variant_recipe(Json document, const Variant& variant, const std::string& source) {
  try {
    for (const auto& [key, value] : variant.settings) {
      apply_override(document, key + "=" + value);
    }
    return recipe_from_json(document, source);
  } catch (const Error& error) {
    fail(error.kind(), "variant {}: {}", variant.directory, error.what());
  }
}

// The longest test sequence of a task, with its end symbol, or window of a text must be one that
// the model takes.
void check_lengths(const Study& study, const StudyVariant& planned) {
  const ToyTaskConfig& task = planned.recipe.data.task;
  if (learns_text(planned.recipe) && !study.multiples.empty()) {
    const double longest = std::round(study.multiples.back() * planned.recipe.data.text.window);
    check_usage(longest <= planned.recipe.model.max_length,
                "variant {}: length {}x is {:.0f} tokens, but model.max_length is {}",
                planned.variant.directory, study.multiples.back(), longest,
                planned.recipe.model.max_length);
  }
  if (task.kind.empty() || study.multiples.empty()) {
    return;
  }
  const double longest = std::round(study.multiples.back() * task.maximum_length);
  check_usage(longest + 1 <= planned.recipe.model.max_length,
              "variant {}: length {}x is {:.0f} symbols, {:.0f} tokens with </s>, but "
              "model.max_length is {}",
              planned.variant.directory, study.multiples.back(), longest, longest + 1,
              planned.recipe.model.max_length);
}

}  // namespace

Study read_study(const std::filesystem::path& path, const StudyOptions& options) {
  Study study;
  study.document = read_recipe_document(path, options.overrides);
  study.compare = take_compare_section(study.document, path, options);
  study.multiples = parse_multiples(study.compare.lengths);

  std::vector<std::string> keys;
  for (const ConfigKey& key : list_config_keys<Recipe>()) {
    keys.push_back(key.key);
  }
  std::vector<VariedKey> varied;
  for (const std::string& text : study.compare.vary) {
    varied.push_back(parse_vary(text, keys));
    check_usage(varied.back().key != "seed" && varied.back().key != "threads",
                "--vary {}: cannot be varied; the number of seeds is --seeds", varied.back().key);
  }
  for (Variant& variant : expand_variants(varied, keys_of_test_data)) {
    Recipe recipe = variant_recipe(study.document, variant, path.string());
    study.variants.push_back({std::move(variant), std::move(recipe)});
    check_lengths(study, study.variants.back());
  }
  // Not every study's recipe stands without its variants; what they share is the first one's.
  study.base = study.variants.front().recipe;
  if (study.base.title.empty()) {
    study.base.title = path.stem().string();
  }
  return study;
}

}  // namespace heed::app
