// What a language model is worth on a text.
//
//   const LoadedModel model = load_model("run");
//   const TextEvaluation found = evaluate_text(model, {.files = {"wiki.test.txt"}}, {});
//   found.score.word_perplexity;
//
// The measures are those of TextScore (heed/tasks/window_scores.h). What a run reports at its end,
// this gives to the digit for the same text, window and stride.
//
// Thread-safety: may be called from any thread; computes on the threads of the pool.
#pragma once

#include <optional>

#include "heed/data/text_encoding.h"
#include "heed/data/text_windows.h"
#include "heed/interop/load_model.h"
#include "heed/nn/forward_context.h"
#include "heed/tasks/window_scores.h"

namespace heed {

struct TextEvaluationOptions {
  // As long as the model takes, unless given.
  std::optional<std::int64_t> window;
  // Half the window, unless given: each token then has at least half a window before it, for twice
  // the work of windows that lie one behind the other (a stride as long as the window), whose first
  // tokens have next to none. Smaller strides gain less and less and cost more and more.
  std::optional<std::int64_t> stride;
  bool document_mask = false;
  ForwardContext context = {};  // what is not training
};

struct TextEvaluation {
  TextScore score;
  WindowConfig windows;
  std::int64_t text_tokens = 0;
  std::int64_t unknown = 0;  // tokens among them that stand for what the vocabulary does not know
};

// The window and the stride that are meant. Errors (usage) name the value: a window that the model
// does not take, a stride that is not 1 … window.
WindowConfig windows_for(const Generator& model, const TextEvaluationOptions& options);

// Errors: those of windows_for, encode_text and window_statistics; usage: a model that is for
// another task.
TextEvaluation evaluate_text(const LoadedModel& model, const TextSource& source,
                             const TextEvaluationOptions& options);

}  // namespace heed
