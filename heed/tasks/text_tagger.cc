#include "heed/tasks/text_tagger.h"

#include "heed/base/error.h"
#include "heed/tasks/classified_texts.h"
#include "heed/tasks/tagged_texts.h"

namespace heed {

TextTagger::TextTagger(const LoadedModel& model, const TaggerOptions& options)
    : model_(model), options_(options) {
  const auto* headed = dynamic_cast<const HeadedEncoder*>(model.module.get());
  check_usage(headed != nullptr && headed->config().head.kind == "token",
              "{}: a model for {}, not for token_classification", model.directory.string(),
              model.task());
  check_usage(options.max_tokens >= 0 && options.max_tokens <= headed->longest(),
              "max_tokens: {}, but the model takes {} at most", options.max_tokens,
              headed->longest());
  check_usage(options.batch_tokens > 0, "batch_tokens: must be above 0, got {}",
              options.batch_tokens);
  tags_ = headed->config().head.labels;
}

std::vector<TaggedWords> TextTagger::tag(
    std::span<const std::vector<std::string>> sentences) const {
  const auto& model = model_.as<HeadedEncoder>();
  std::vector<TaggedSentence> asked;
  std::vector<std::size_t> places;  // of those with words
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (!sentences[i].empty()) {
      asked.push_back({.words = sentences[i], .place = "sentence " + std::to_string(i + 1)});
      places.push_back(i);
    }
  }
  const LabelSet tags(tags_);
  const TaggedTexts texts(
      asked, *model_.tokenizers.target, tags,
      {.longest = options_.max_tokens > 0 ? options_.max_tokens : model.longest(),
       .windows = true});
  const auto scores = tag_scores(model, texts, options_.batch_tokens, options_.context);
  std::vector<TaggedWords> result(sentences.size());
  const auto count = static_cast<std::size_t>(tags.size());
  for (std::size_t s = 0; s < asked.size(); ++s) {
    TaggedWords& words = result[places[s]];
    for (const std::int32_t tag : best_tags(scores[s], tags.size())) {
      const auto row = std::span(scores[s]).subspan(words.tags.size() * count, count);
      words.tags.push_back(tags_[static_cast<std::size_t>(tag)]);
      words.probabilities.push_back(
          class_probabilities(row, "single_label")[static_cast<std::size_t>(tag)]);
    }
  }
  return result;
}

}  // namespace heed
