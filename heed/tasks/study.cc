#include "heed/tasks/study.h"

#include <algorithm>
#include <charconv>

#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"

namespace heed {

namespace {

constexpr int most_seeds = 100;

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

// What the models of a study are tested on hangs on these: variants that differ there stand in
// groups of their own.
const std::vector<std::string> keys_of_test_data = {"data.directory", "data.toy", "data.test",
                                                    "data.test_share", "data.window"};

void check_lengths(const Study& study, const StudyVariant& planned) {
  const Recipe& recipe = planned.recipe;
  try {
    recipe.kind->check_multiples(recipe.document->value, study.multiples);
  } catch (const Error& error) {
    fail(error.kind(), "variant {}: {}", planned.variant.directory, error.what());
  }
}

// The keys that --vary may name: those of the recipe's task.
std::vector<std::string> known_keys(const Json& document) {
  const Json task = document.value("task", Json());
  std::vector<std::string> keys;
  if (task.is_string()) {
    for (const ConfigKey& key : task_kind(task.get<std::string>()).keys()) {
      if (key.type != "section") {
        keys.push_back(key.key);
      }
    }
  }
  return keys;
}

}  // namespace

Study read_study(const std::filesystem::path& path, const StudyOptions& options) {
  Study study;
  study.document = read_recipe_document(path, options.overrides);
  study.compare = take_compare_section(study.document, path, options);
  study.multiples = parse_multiples(study.compare.lengths);

  // Without a task there is nothing to vary; reading the recipe says so.
  if (!study.document.contains("task")) {
    recipe_from_json(study.document, path.string());
  }
  const std::vector<std::string> keys = known_keys(study.document);
  std::vector<VariedKey> varied;
  for (const std::string& text : study.compare.vary) {
    varied.push_back(parse_vary(text, keys));
    check_usage(varied.back().key != "seed" && varied.back().key != "threads" &&
                    varied.back().key != "task",
                "--vary {}: cannot be varied; the number of seeds is --seeds", varied.back().key);
  }
  for (Variant& variant : expand_variants(varied, keys_of_test_data)) {
    Recipe recipe = variant_recipe(study.document, variant, path.string());
    study.variants.push_back({std::move(variant), std::move(recipe)});
    check_lengths(study, study.variants.back());
  }
  // Not every study's recipe stands without its variants; what they share is the first one's.
  study.base = study.variants.front().recipe;
  if (study.base.settings.title.empty()) {
    set_recipe_key(study.base, "title", escape_invalid_utf8(path.stem().string()));
  }
  return study;
}

}  // namespace heed
