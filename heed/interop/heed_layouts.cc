// heed's own layouts, for what no other program's can express: tensors under our own names, and the
// configuration as it stands in a recipe, in the section "heed".
#include <tuple>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/families.h"

namespace heed {

namespace {

Json own_section(const Json&, const std::string& source) {
  fail(ErrorKind::bad_data, "{}: 'heed' is missing", source);
}

std::optional<Json> no_more_keys(const Json&) {
  return Json::object();
}

}  // namespace

ModelFamily heed_translator_family() {
  return {.model_type = "heed-translator",
          .kind = "translator",
          .architectures = {"HeedTranslator"},
          // Positions that are computed; those that are learned have a place.
          .ignored = {"model.*.embed_positions.weight"},
          .ours = own_section,
          .theirs = no_more_keys};
}

ModelFamily heed_language_model_family() {
  return {.model_type = "heed-language-model",
          .kind = "language_model",
          .architectures = {"HeedLanguageModel"},
          .ours = own_section,
          .theirs = no_more_keys};
}

ModelFamily heed_encoder_family() {
  return {.model_type = "heed-encoder",
          .kind = "encoder",
          .architectures = {"HeedEncoder"},
          .ours = own_section,
          .theirs = no_more_keys};
}

std::vector<ModelFamily> heed_headed_families() {
  std::vector<ModelFamily> families;
  for (const auto& [type, kind, architecture] :
       {std::tuple{"heed-text-classifier", "text_classifier", "HeedTextClassifier"},
        {"heed-token-classifier", "token_classifier", "HeedTokenClassifier"},
        {"heed-question-answerer", "question_answerer", "HeedQuestionAnswerer"},
        {"heed-choice-model", "choice_model", "HeedChoiceModel"}}) {
    families.push_back({.model_type = type,
                        .kind = kind,
                        .architectures = {architecture},
                        .ours = own_section,
                        .theirs = no_more_keys});
  }
  return families;
}

}  // namespace heed
