#include "apps/heed/head_looks.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "heed/base/error.h"

namespace heed::app {

namespace {

constexpr std::int64_t longest_piece = 256;
constexpr std::int64_t token_limit = 2048;

AttentionTrace trace_of(const Generator& model, std::span<const std::int32_t> ids,
                        MatmulPrecision precision) {
  const std::int32_t length[] = {static_cast<std::int32_t>(ids.size())}, none[] = {0};
  AttentionTrace trace;
  ForwardContext context{.precision = precision, .trace = &trace};
  const NoGradientScope no_gradients;
  model.hidden({.source = {.ids = id_tensor({}), .rows = make_sequences(none)},
                .begun = {.ids = id_tensor(ids), .rows = make_sequences(length)}},
               context);
  return trace;
}

}  // namespace

std::vector<HeadPatterns> patterns_of_heads(const HeadedModel& model, const TextWindows& windows,
                                            MatmulPrecision precision) {
  std::vector<HeadPatternSums> sums;
  std::int64_t read = 0;
  const auto add = [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int32_t> ids;
    windows.text().append(begin, std::min(end, begin + longest_piece), ids);
    read += static_cast<std::int64_t>(ids.size());
    const AttentionTrace trace = trace_of(model.model, ids, precision);
    std::size_t number = 0;
    for (const AttentionTrace::Entry& entry : trace.entries) {
      const auto weights = entry.weights.values<float>();
      const std::size_t cells = ids.size() * ids.size();
      const std::size_t heads = weights.size() / cells;
      sums.resize(std::max(sums.size(), number + heads));
      for (std::size_t head = 0; head < heads; ++head) {
        sums[number++].add(ids, std::span<const float>(weights).subspan(head * cells, cells));
      }
    }
  };
  for (std::int64_t i = 0; i < windows.size() && read < token_limit; ++i) {
    windows.for_each_sequence(windows[i], add);
  }
  std::vector<HeadPatterns> patterns;
  for (const HeadPatternSums& head : sums) {
    patterns.push_back(head.means());
  }
  return patterns;
}

}  // namespace heed::app
