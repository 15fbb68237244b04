#include "heed/tasks/text_evaluation.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/kernels/kernel.h"

namespace heed {

namespace {

std::int64_t count_unknown(const TokenText& text, const Tokenizer& tokenizer) {
  const std::int32_t unknown = tokenizer.unknown_id();
  if (unknown == tokenizer.end_id()) {
    return 0;  // a vocabulary that knows everything
  }
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < text.size(); ++i) {
    count += text[i] == unknown ? 1 : 0;
  }
  return count;
}

}  // namespace

WindowConfig windows_for(const Generator& model, const TextEvaluationOptions& options) {
  const std::int64_t longest = model.longest();
  const std::int64_t window = options.window.value_or(longest);
  check_usage(window <= longest, "window: {} tokens, but the model takes {} at most", window,
              longest);
  const WindowConfig windows{
      .window = window,
      .stride = options.stride.value_or(std::max<std::int64_t>(1, window / 2)),
      .document_mask = options.document_mask};
  check_window_config(windows);
  return windows;
}

TextEvaluation evaluate_text(const LoadedModel& model, const TextSource& source,
                             const TextEvaluationOptions& options) {
  check_usage(model.task() == "language_modelling",
              "{}: a model for {}, not for language_modelling", model.directory.string(),
              model.task());
  const Tokenizer& tokenizer = *model.tokenizers.target;
  TextEvaluation result{.windows = windows_for(model.generator(), options)};
  const auto text = encode_text(source, tokenizer, *context_for(cpu_device).pool);
  const auto windows = std::make_shared<const TextWindows>(text, result.windows);
  BatchConfig batches;
  batches.batch_tokens = std::max(batches.batch_tokens, static_cast<int>(result.windows.window));
  result.score = score_of_text(
      window_statistics(model.generator(), windows, tokenizer, batches, options.context), *text,
      tokenizer);
  result.text_tokens = text->size();
  result.unknown = count_unknown(*text, tokenizer);
  return result;
}

}  // namespace heed
