// The most probable of each row.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/kernel.h"

namespace heed {

// The k largest elements of each row of x, largest first, of equal ones the one with the smaller
// column first: their columns, and log softmax(x) there.
//   x: [rows, V], 1 <= k <= V; columns: int32 [rows, k]; log_probabilities: float64 [rows, k]
// A row with a NaN or +inf gets NaN for all its log-probabilities, a row of only -inf gets -inf;
// its columns are then any.
struct TopLogProbabilities {
  ConstView x;
  std::int64_t k = 1;
  View columns;
  View log_probabilities;

  void visit_views(auto&& visit) const { visit(x, columns, log_probabilities); }
};
inline KernelSlot<void(ExecutionContext&, const TopLogProbabilities&)> top_log_probabilities{
    "top_log_probabilities"};

}  // namespace heed
