#include "heed/tasks/masked_language_modelling_recipe.h"

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/models/text_encoder_presets.h"
#include "heed/tasks/initial_weights.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {

MaskedLanguageModellingRecipe masked_recipe_defaults(const Json& document,
                                                     const std::string& source) {
  MaskedLanguageModellingRecipe defaults;
  if (const auto init_from = model_to_start_from<MaskedLanguageModellingRecipe>(document);
      !init_from.empty()) {
    static_cast<TextEncoderConfig&>(defaults.model) = config_from_json<TextEncoderConfig>(
        initial_section(init_from, "masked_language_modelling"), init_from + ": model");
    defaults.model.masked_head = true;
  }
  const auto text_at = [&](const char* section, const char* key) -> std::string {
    const auto found = document.find(section);
    if (found == document.end() || !found->is_object() || !found->contains(key) ||
        !(*found)[key].is_string()) {
      return {};
    }
    return (*found)[key].get<std::string>();
  };
  if (const std::string preset = text_at("model", "preset"); !preset.empty()) {
    try {
      static_cast<TextEncoderConfig&>(defaults.model) = text_encoder_preset(preset).config;
    } catch (const Error& error) {
      fail(ErrorKind::usage, "{}: {}", source, error.what());
    }
  }
  const std::string pairs = text_at("data", "pairs");
  const bool tells_pairs = !pairs.empty() && pairs != "none";
  defaults.model.next_sentence_head = tells_pairs;
  if (!tells_pairs) {
    defaults.model.pooler = "none";  // nothing would teach it
  } else if (defaults.model.pooler == "none") {
    defaults.model.pooler = "tanh";
  }
  return defaults;
}

std::vector<TaskMeasure> masked_language_modelling_measures(bool pairs) {
  std::vector<TaskMeasure> measures = {
      {.style = {
           .key = "masked_accuracy", .name = "% guessed", .unit = "points of masked accuracy"}}};
  if (pairs) {
    measures.push_back({.style = {.key = "next_sentence_accuracy",
                                  .name = "% next sentence",
                                  .unit = "points of next-sentence accuracy"}});
  }
  return measures;
}

MaskedWindows masked_windows_of(const MaskedLanguageModellingRecipe& recipe) {
  return {.window = recipe.data.window,
          .document_mask = recipe.data.document_mask,
          .pairs = recipe.data.pairs};
}

void check_masked_language_modelling_recipe(const MaskedLanguageModellingRecipe& recipe,
                                            const std::string& source) {
  const bool pairs = recipe.data.pairs != "none";
  check_text_config(recipe.data);
  check_masking_config(recipe.data.masking);
  check_masked_windows(masked_windows_of(recipe));
  check_run_settings(recipe, source);
  check_validation_keys(recipe.training, masked_language_modelling_measures(pairs),
                        !recipe.data.validation.empty() || recipe.data.validation_share > 0);
  check_text_encoder_config(recipe.model);
  check_usage(recipe.model.masked_head,
              "model.masked_head: this task guesses hidden tokens, by that layer");
  check_usage(!pairs || recipe.model.next_sentence_head,
              "model.next_sentence_head: data.pairs {} is told by that layer", recipe.data.pairs);
  check_usage(!pairs || recipe.data.documents != "none",
              "data.pairs {}: needs documents: say in data.documents where they end",
              recipe.data.pairs);
  check_usage(recipe.data.window <= recipe.model.max_length,
              "data.window: {} tokens, but model.max_length is {}", recipe.data.window,
              recipe.model.max_length);
  check_tokenizer_config(recipe.tokenizer);
  check_usage(recipe.tokenizer.joint, "tokenizer.joint: an encoder has one vocabulary");
  check_usage(!recipe.init_from.empty() || recipe.tokenizer.kind == "wordpiece",
              "tokenizer.kind {}: has no token that stands for hidden ones; take wordpiece, or the "
              "tokenizer of a model in init_from",
              recipe.tokenizer.kind);
  check_usage(recipe.training.label_smoothing == 0,
              "training.label_smoothing: is for models that write");
}

LanguageModellingRecipe text_recipe_of(const MaskedLanguageModellingRecipe& recipe) {
  LanguageModellingRecipe text;
  static_cast<RunSettings&>(text) = recipe;
  static_cast<TextConfig&>(text.data) = recipe.data;
  text.data.directory = recipe.data.directory;
  text.tokenizer = recipe.tokenizer;
  return text;
}

}  // namespace heed
