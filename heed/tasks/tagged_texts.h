// Sentences of words made ready for a tagger: the tokens of each word, in windows where they are
// many; and the tags that a model gives. The first token of a word carries its tag.
//
// Thread-safety: const members and functions from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/data/labelled_texts.h"
#include "heed/data/tagged_sentences.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/models/headed_encoder.h"
#include "heed/tasks/framed_texts.h"
#include "heed/tasks/label_loss.h"

namespace heed {

struct TaggedBatch : Batch {
  Inputs inputs;
  LabelTargets targets;  // of each token
};

class TaggedTexts : public ExampleSource {
 public:
  // `tags`: with those of the sentences, where they have some. A word that gives no token of its
  // own becomes the unknown one. Errors (bad_data): a tag that is none of `tags`, with its place; a
  // sentence without words; a word without tokens where nothing is unknown; a model too short for
  // a token.
  TaggedTexts(std::span<const TaggedSentence> sentences, const Tokenizer& tokenizer,
              const LabelSet& tags, const LengthRule& rule);

  // An example of training is a window.
  std::span<const ExampleSize> sizes() const override { return sizes_; }
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> windows,
                              std::int64_t epoch) const override;

  // A word whose tag is told by a window: the row of its first token there.
  struct Told {
    std::int32_t row = 0;
    std::uint32_t sentence = 0, word = 0;
  };
  const std::vector<FramedText>& windows() const { return windows_; }
  std::span<const Told> told_by(std::size_t window) const { return told_[window]; }
  std::size_t sentences() const { return right_.size(); }
  // The numbers of a sentence's tags.
  const std::vector<std::int32_t>& right(std::size_t sentence) const { return right_[sentence]; }

 private:
  std::vector<FramedText> windows_;
  std::vector<std::vector<Told>> told_;  // by window
  std::vector<ExampleSize> sizes_;
  std::vector<std::vector<std::int32_t>> right_;
};

// The scores of each word's tags, by sentence: [words, tags].
std::vector<std::vector<float>> tag_scores(const HeadedEncoder& model, const TaggedTexts& texts,
                                           std::int64_t batch_tokens,
                                           const ForwardContext& context);

// The best tag of each word.
std::vector<std::int32_t> best_tags(std::span<const float> scores, std::int64_t tags);

// Rows for tag_metrics().
SentenceStatistics tag_statistics(const TaggedTexts& texts,
                                  std::span<const std::vector<float>> scores, const LabelSet& tags);
// The mean loss of a word.
double tag_loss(const TaggedTexts& texts, std::span<const std::vector<float>> scores,
                std::int64_t tags);

}  // namespace heed
