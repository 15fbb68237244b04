#include "heed/tasks/language_modelling_recipe.h"

#include "heed/base/error.h"
#include "heed/metrics/bits_per_character.h"

namespace heed {

namespace {

void check_samples(const LanguageModellingData& data) {
  check_usage(data.sample_tokens >= 0, "data.sample_tokens: must be at least 0, got {}",
              data.sample_tokens);
  check_usage(data.sample_temperature >= 0, "data.sample_temperature: must be at least 0, got {}",
              data.sample_temperature);
  for (const std::string& prompt : data.sample_prompts) {
    check_usage(!prompt.empty(), "data.sample_prompts: an empty prompt has nothing to go on with");
  }
}

}  // namespace

std::vector<TaskMeasure> language_modelling_measures() {
  return {{.style = BitsPerCharacter().style()}};
}

void check_language_modelling_recipe(const LanguageModellingRecipe& recipe,
                                     const std::string& source) {
  check_text_config(recipe.data);
  check_samples(recipe.data);
  check_run_settings(recipe, source);
  check_validation_keys(recipe.training, language_modelling_measures(),
                        !recipe.data.validation.empty() || recipe.data.validation_share > 0);
  check_language_model_config(recipe.model);
  check_usage(recipe.model.attention.topology != "prefix",
              "model.attention.topology prefix: windows of running text have no prefix");
  check_usage(recipe.data.window <= recipe.model.max_length,
              "data.window: {} tokens, but model.max_length is {}", recipe.data.window,
              recipe.model.max_length);
  check_tokenizer_config(recipe.tokenizer);
  check_usage(recipe.tokenizer.joint,
              "tokenizer.joint: a language model has one text, and one vocabulary");
  if (recipe.init_from.empty()) {
    check_tokenizer_takes(recipe.data.form(), recipe.tokenizer.kind);
  }
}

TextCorpus corpus_of(const LanguageModellingRecipe& recipe) {
  return TextCorpus(recipe.data, recipe.data.directory);
}

WindowConfig held_out_windows(const LanguageModellingRecipe& recipe) {
  return {.window = recipe.data.window,
          .stride = recipe.data.stride(),
          .document_mask = recipe.data.document_mask};
}

}  // namespace heed
