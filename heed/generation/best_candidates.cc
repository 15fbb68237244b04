#include "heed/generation/best_candidates.h"

#include <algorithm>

#include "heed/kernels/top_k.h"

namespace heed {

Candidates best_candidates(const Tensor& logits, std::int64_t count,
                           std::span<const std::int32_t> suppressed) {
  const std::int64_t rows = logits.view().rows();
  const std::int64_t width =
      std::min(count + static_cast<std::int64_t>(suppressed.size()), logits.view().columns());
  const Tensor columns = Tensor::empty({rows, width}, DType::int32, logits.device());
  const Tensor log_probabilities = Tensor::empty({rows, width}, DType::float64, logits.device());
  ExecutionContext context = context_for(logits.device());
  top_log_probabilities(
      context,
      {.x = logits, .k = width, .columns = columns, .log_probabilities = log_probabilities});
  const auto tokens = columns.values<std::int32_t>();
  const auto values = log_probabilities.values<double>();
  Candidates result;
  for (std::size_t begin = 0; begin < tokens.size(); begin += static_cast<std::size_t>(width)) {
    std::int64_t added = 0;
    for (std::size_t i = begin; i < begin + static_cast<std::size_t>(width) && added < count; ++i) {
      if (std::find(suppressed.begin(), suppressed.end(), tokens[i]) == suppressed.end()) {
        result.add({tokens[i], values[i]});
        ++added;
      }
    }
    result.end_row();
  }
  return result;
}

}  // namespace heed
