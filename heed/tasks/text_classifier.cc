#include "heed/tasks/text_classifier.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/tasks/classified_texts.h"

namespace heed {

TextClassifier::TextClassifier(const LoadedModel& model, const ClassifierOptions& options)
    : model_(model), options_(options) {
  const auto* headed = dynamic_cast<const HeadedEncoder*>(model.module.get());
  check_usage(headed != nullptr && headed->config().head.kind == "sequence",
              "{}: a model for {}, not for text_classification", model.directory.string(),
              model.task());
  check_usage(options.max_tokens >= 0 && options.max_tokens <= headed->longest(),
              "max_tokens: {}, but the model takes {} at most", options.max_tokens,
              headed->longest());
  check_usage(options.stride >= 0, "stride: must be at least 0, got {}", options.stride);
  check_usage(options.batch_tokens > 0, "batch_tokens: must be above 0, got {}",
              options.batch_tokens);
  check_usage(options.temperature > 0, "temperature: must be above 0, got {}", options.temperature);
  problem_ = headed->config().head.problem;
  if (!gives_numbers()) {
    labels_ = headed->config().head.labels;
  }
}

std::vector<Classified> TextClassifier::classify(std::span<const std::string> texts,
                                                 std::span<const std::string> seconds) const {
  check(seconds.empty() || seconds.size() == texts.size(), "classify: {} second texts for {}",
        seconds.size(), texts.size());
  const auto& model = model_.as<HeadedEncoder>();
  std::vector<LabelledText> examples(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    examples[i].text = texts[i];
    examples[i].second = seconds.empty() ? "" : seconds[i];
    if (problem_ == "single_label") {
      examples[i].labels = {labels_.front()};  // unknown, and not looked at
    }
  }
  const ClassifiedTexts framed(
      examples, *model_.tokenizers.target, gives_numbers() ? LabelSet() : LabelSet(labels_),
      problem_, !seconds.empty(),
      {.longest = options_.max_tokens > 0 ? options_.max_tokens : model.longest(),
       .windows = true,
       .stride = options_.stride});
  Scores scores = scores_of(model, framed, options_.batch_tokens, options_.context);
  std::vector<Classified> result(texts.size());
  for (const std::uint32_t owner : framed.owners()) {
    result[owner].windows += 1;
  }
  for (float& score : scores.values) {
    score = gives_numbers() ? score : static_cast<float>(score / options_.temperature);
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Classified& found = result[i];
    found.windows -= 1;
    if (gives_numbers()) {
      found.number = scores.row(i)[0];
    } else {
      found.classes = chosen_classes(scores.row(i), problem_);
      found.probabilities = class_probabilities(scores.row(i), problem_);
    }
  }
  return result;
}

}  // namespace heed
