// Labelled texts made ready for a classifier: framed, cut into windows where they are long, with
// what is right for each; and the scores that a model gives them.
//
//   const ClassifiedTexts texts(examples, tokenizer, labels, "single_label", {.longest = 128});
//   const Scores scores = scores_of(model, texts, batch_tokens, context);
//
// Thread-safety: const members and functions from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/data/labelled_texts.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/models/headed_encoder.h"
#include "heed/tasks/framed_texts.h"
#include "heed/tasks/label_loss.h"

namespace heed {

struct ClassifiedBatch : Batch {
  Inputs inputs;
  LabelTargets targets;
};

class ClassifiedTexts : public ExampleSource {
 public:
  // Errors (bad_data): a label that is none of `labels`, with its place; those of framed_windows.
  ClassifiedTexts(std::span<const LabelledText> examples, const Tokenizer& tokenizer,
                  const LabelSet& labels, const std::string& problem, bool pairs,
                  const LengthRule& rule);

  // An example of training is a window.
  std::span<const ExampleSize> sizes() const override { return sizes_; }
  // A ClassifiedBatch.
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> windows,
                              std::int64_t epoch) const override;

  std::size_t texts() const { return right_.size(); }
  const std::vector<FramedText>& windows() const { return windows_; }
  // The text that a window is of.
  const std::vector<std::uint32_t>& owners() const { return owners_; }
  // What is right for a text: its classes, or its number.
  std::span<const std::int32_t> classes(std::size_t text) const { return right_[text]; }
  double number(std::size_t text) const { return numbers_.empty() ? 0 : numbers_[text]; }
  // Of texts, as label_loss takes them.
  LabelTargets targets_of(std::span<const std::uint32_t> texts) const;
  std::int64_t score_count() const { return regression_ ? 1 : class_count_; }

 private:
  std::vector<FramedText> windows_;
  std::vector<std::uint32_t> owners_;
  std::vector<ExampleSize> sizes_;
  std::vector<std::vector<std::int32_t>> right_;  // by text
  std::vector<double> numbers_;
  std::int64_t class_count_;
  bool single_, regression_;
};

// What a model gives: [texts, count].
struct Scores {
  std::vector<float> values;
  std::int64_t count = 0;
  std::span<const float> row(std::size_t text) const {
    return std::span(values).subspan(text * static_cast<std::size_t>(count),
                                     static_cast<std::size_t>(count));
  }
};

// The scores of framed texts, in their order; the same bits at any batch size. Without gradients.
Scores scores_of(const HeadedEncoder& model, std::span<const FramedText> texts,
                 std::int64_t batch_tokens, ForwardContext context);
// Of texts: the mean over their windows.
Scores scores_of(const HeadedEncoder& model, const ClassifiedTexts& texts,
                 std::int64_t batch_tokens, const ForwardContext& context);

// The classes that scores stand for: the best one, or with multi_label all above 0.
std::vector<std::int32_t> chosen_classes(std::span<const float> scores, const std::string& problem);
// Of each class: softmax, or with multi_label the logistic function of its score.
std::vector<double> class_probabilities(std::span<const float> scores, const std::string& problem);

// Rows for label_metrics().
SentenceStatistics label_statistics(const ClassifiedTexts& texts, const Scores& scores,
                                    const std::string& problem);

}  // namespace heed
