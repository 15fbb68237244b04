// Questions about texts to answers that stand in them: what `heed answer` does, for any program.
//
//   const LoadedModel model = load_model("run");
//   const QuestionAnswerer answerer(model);
//   answerer.answer("Who wrote Hamlet?", text).text;
//
// A text that is longer than the model takes is read in windows that overlap. What comes out for a
// question depends on it and its text alone, to the bit.
//
// Thread-safety: const members from any thread; they compute on the threads of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"
#include "heed/nn/forward_context.h"

namespace heed {

struct AnswererOptions {
  std::int64_t max_tokens = 384;  // longest window: question, context and special ones
  std::int64_t stride = 128;      // tokens from one window to the next; 0: half the context's room
  std::int64_t answer_tokens = 30;
  std::int64_t batch_tokens = 4096;
  ForwardContext context = {};  // what is not training
};

struct TextQuestion {
  std::string question;
  std::string context;
};

struct TextAnswer {
  std::string text;
  std::size_t begin = 0, end = 0;  // where it stands in the context, in bytes
  double probability = 0;          // of its first and its last token, in the window
};

class QuestionAnswerer {
 public:
  // Keeps a reference to the model. Errors (usage): a model for another task, an option that makes
  // no sense.
  explicit QuestionAnswerer(const LoadedModel& model, const AnswererOptions& options = {});

  // Errors (bad_data): no valid UTF-8, a question that leaves no room for a context.
  std::vector<TextAnswer> answer(std::span<const TextQuestion> questions) const;
  TextAnswer answer(const std::string& question, const std::string& context) const;

 private:
  const LoadedModel& model_;
  AnswererOptions options_;
};

}  // namespace heed
