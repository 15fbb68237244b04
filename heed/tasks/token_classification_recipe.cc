#include "heed/tasks/token_classification_recipe.h"

#include "heed/base/error.h"
#include "heed/metrics/entities.h"

namespace heed {

TokenClassificationRecipe::TokenClassificationRecipe() {
  task = "token_classification";
  tokenizer.kind = "byte-level-bpe";
  training.label_smoothing = 0;
}

void check_token_classification_recipe(const TokenClassificationRecipe& recipe,
                                       const std::string& source) {
  const TokenClassificationData& data = recipe.data;
  check_tagged_text_config(data);
  check_usage(!data.train.empty(), "data.train: name the files to learn from");
  check_usage(data.validation_share >= 0 && data.validation_share < 1,
              "data.validation_share: must be in [0, 1), got {}", data.validation_share);
  check_usage(data.train_share > 0 && data.train_share <= 1,
              "data.train_share: must be in (0, 1], got {}", data.train_share);
  check_usage(data.scheme == "auto" || data.scheme == "entities" || data.scheme == "tags",
              "data.scheme '{}': expected auto, entities or tags", data.scheme);
  check_usage(data.max_tokens >= 0 && data.max_tokens <= recipe.model.max_length,
              "data.max_tokens: must be in 0 … {} (model.max_length), got {}",
              recipe.model.max_length, data.max_tokens);
  check_usage(data.stride >= 0, "data.stride: must be at least 0, got {}", data.stride);
  check_run_settings(recipe, source);
  check_adapting(recipe.model, recipe.adapting);
  if (recipe.init_from.empty()) {
    check_tokenizer_config(recipe.tokenizer);
  }
  check_usage(recipe.tokenizer.joint, "tokenizer.joint: a tagger has one vocabulary");
  std::vector<TaskMeasure> measures;
  for (const auto& metric : tag_metrics(data.scheme != "tags")) {
    measures.push_back({.style = metric->style()});
  }
  check_validation_keys(recipe.training, measures,
                        !data.validation.empty() || data.validation_share > 0);
}

std::vector<std::shared_ptr<const Metric>> tag_metrics(bool entities) {
  const auto accuracy = std::make_shared<Share>(tag_accuracy());
  if (!entities) {
    return {accuracy};
  }
  return {std::make_shared<EntityMetric>(EntityMetric::f1()),
          std::make_shared<Share>(EntityMetric::precision()),
          std::make_shared<Share>(EntityMetric::recall()), accuracy};
}

}  // namespace heed
