#include "heed/kernels/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"
#include "heed/backends/reference/scalar.h"

namespace heed::reference {

namespace {

template <typename T>
void top_of_row(const T* x, std::int64_t size, std::int64_t k, std::int32_t* columns,
                double* log_probabilities) {
  const double log_total = log_sum_exp(x, size);
  if (!std::isfinite(log_total)) {
    std::iota(columns, columns + k, 0);
    std::fill(log_probabilities, log_probabilities + k, log_total);
    return;
  }
  std::vector<std::int32_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [x](std::int32_t a, std::int32_t b) { return x[a] > x[b]; });
  for (std::int64_t i = 0; i < k; ++i) {
    columns[i] = order[static_cast<std::size_t>(i)];
    log_probabilities[i] = x[columns[i]] - log_total;
  }
}

void top_log_probabilities(ExecutionContext&, const TopLogProbabilities& p) {
  const std::int64_t rows = p.x.rows();
  check(p.k >= 1 && p.k <= p.x.columns(), "top_log_probabilities: k is {}, of {} columns", p.k,
        p.x.columns());
  check_matrix("top_log_probabilities", "columns", p.columns, rows, p.k);
  check_matrix("top_log_probabilities", "log_probabilities", p.log_probabilities, rows, p.k);
  const auto columns = matrix<std::int32_t>(p.columns);
  const auto log_probabilities = matrix<double>(p.log_probabilities);
  for_floating_type("top_log_probabilities", p.x.dtype, [&](auto type) {
    using T = decltype(type);
    const auto x = matrix<T>(p.x);
    for (std::int64_t r = 0; r < rows; ++r) {
      top_of_row(x[r], x.columns, p.k, columns[r], log_probabilities[r]);
    }
  });
}

}  // namespace

void register_top_k() {
  heed::top_log_probabilities.fill(DeviceKind::reference, &top_log_probabilities);
}

}  // namespace heed::reference
