// Questions with their contexts made ready for a model that answers with a piece of the context:
// framed, in windows where the context is long; and the answers that a model finds.
//
// Thread-safety: const members and functions from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/data/question_file.h"
#include "heed/models/headed_encoder.h"
#include "heed/tasks/framed_texts.h"

namespace heed {

struct AskedBatch : Batch {
  Inputs inputs;
  Tensor targets;  // int32 [windows, 2]: first and last row of the answer, 0 where it is not there
};

class AskedTexts : public ExampleSource {
 public:
  // `learns`: each question's first answer is what is right; errors (bad_data): it has none.
  // Besides errors (bad_data): a question that leaves no room for its context, with its id; those
  // of Tokenizer::encode_with_spans.
  AskedTexts(std::span<const AskedContext> contexts, const Tokenizer& tokenizer,
             const LengthRule& rule, bool learns);

  // An example of training is a window.
  std::span<const ExampleSize> sizes() const override { return sizes_; }
  // An AskedBatch; its predictions are two for each window.
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> windows,
                              std::int64_t epoch) const override;

  // A window on the context of a question.
  struct Window {
    std::uint32_t question = 0;
    std::int32_t first_row = 0;       // of the context's tokens in the window
    std::vector<AnswerSpan> spans;    // of each of these tokens, in bytes of the context
    std::int32_t begin = 0, end = 0;  // rows of the right answer; 0: not there
  };
  const std::vector<FramedText>& framed() const { return framed_; }
  const std::vector<Window>& windows() const { return windows_; }
  std::size_t questions() const { return contexts_.size(); }
  const std::string& context(std::size_t question) const { return *contexts_[question]; }

 private:
  std::vector<FramedText> framed_;
  std::vector<Window> windows_;
  std::vector<ExampleSize> sizes_;
  std::vector<const std::string*> contexts_;  // by question
};

struct FoundAnswer {
  std::string text;
  AnswerSpan span;         // in the context, in bytes
  double probability = 0;  // of its first and its last token, in the window where it was found
};

// For each question the piece of its context, of up to `answer_tokens` tokens, whose first and last
// token have the greatest sum of scores over all windows. `texts` outlives the call; the same bits
// at any batch size. A context without tokens gives an empty answer.
std::vector<FoundAnswer> found_answers(const HeadedEncoder& model, const AskedTexts& texts,
                                       std::int64_t answer_tokens, std::int64_t batch_tokens,
                                       const ForwardContext& context);

}  // namespace heed
