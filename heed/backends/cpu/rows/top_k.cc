#include "heed/kernels/top_k.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/top_k.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/rows/softmax_row-inl.h"

#ifndef HEED_BACKENDS_CPU_TOP_K_BLOCKS_
#define HEED_BACKENDS_CPU_TOP_K_BLOCKS_
namespace heed::cpu {
namespace {

// A row is cut into blocks whose maxima tell which of them can hold one of the k largest.
constexpr std::size_t block_columns = 64;

struct Entry {
  float value;
  std::int32_t column;
};

// Memory of a tile, reused from row to row.
struct TopScratch {
  std::vector<float> block_maxima;
  std::vector<float> order;
  std::vector<Entry> entries;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

void find_block_maxima(const float* x, std::size_t columns, float* maxima) {
  for (std::size_t begin = 0; begin < columns; begin += block_columns) {
    *maxima++ = row_max(x + begin, std::min(block_columns, columns - begin));
  }
}

double sum_of_terms(const float* x, std::size_t columns, float largest) {
  return sum_of_exp<false>(x, columns, largest, nullptr);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(find_block_maxima);
HWY_EXPORT(sum_of_terms);

// A value that at least k elements of the row reach: the k-th largest maximum of a block.
float lower_bound_of_top(const std::vector<float>& maxima, std::size_t k,
                         std::vector<float>& order) {
  if (maxima.size() <= k) {
    return -std::numeric_limits<float>::infinity();
  }
  order = maxima;
  const auto kth = order.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(order.begin(), kth, order.end(), std::greater<>());
  return *kth;
}

// Gathers the elements of at least `bound`, and brings the k largest to the front, in order.
void gather_top(const float* x, std::size_t columns, std::size_t k, float bound,
                TopScratch& scratch) {
  std::vector<Entry>& entries = scratch.entries;
  entries.clear();
  for (std::size_t block = 0; block < scratch.block_maxima.size(); ++block) {
    if (scratch.block_maxima[block] < bound) {
      continue;
    }
    const std::size_t end = std::min(columns, (block + 1) * block_columns);
    for (std::size_t c = block * block_columns; c < end; ++c) {
      if (x[c] >= bound) {
        entries.push_back({x[c], static_cast<std::int32_t>(c)});
      }
    }
  }
  const auto better = [](const Entry& a, const Entry& b) {
    return a.value != b.value ? a.value > b.value : a.column < b.column;
  };
  std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(k),
                    entries.end(), better);
}

void top_of_row(const float* x, std::size_t columns, std::size_t k, std::int32_t* top_columns,
                double* log_probabilities, TopScratch& scratch) {
  std::vector<float>& maxima = scratch.block_maxima;
  maxima.resize((columns + block_columns - 1) / block_columns);
  HWY_DYNAMIC_DISPATCH(find_block_maxima)(x, columns, maxima.data());
  const float largest = *std::max_element(maxima.begin(), maxima.end());
  double total = HWY_DYNAMIC_DISPATCH(sum_of_terms)(x, columns, largest);
  if (std::isinf(largest) || std::isnan(total)) {
    const bool empty =
        largest < 0 && std::none_of(x, x + columns, [](float value) { return std::isnan(value); });
    std::iota(top_columns, top_columns + k, 0);
    std::fill(log_probabilities, log_probabilities + k,
              empty ? -std::numeric_limits<double>::infinity()
                    : std::numeric_limits<double>::quiet_NaN());
    return;
  }
  gather_top(x, columns, k, lower_bound_of_top(maxima, k, scratch.order), scratch);
  const double log_total = std::log(total);
  for (std::size_t i = 0; i < k; ++i) {
    const Entry& entry = scratch.entries[i];
    top_columns[i] = entry.column;
    log_probabilities[i] = (static_cast<double>(entry.value) - largest) - log_total;
  }
}

void top_log_probabilities(ExecutionContext& context, const TopLogProbabilities& p) {
  const std::int64_t rows = p.x.rows();
  const std::int64_t columns = p.x.columns();
  check(p.k >= 1 && p.k <= columns, "top_log_probabilities: k is {}, of {} columns", p.k, columns);
  check_matrix("top_log_probabilities", "columns", p.columns, rows, p.k);
  check_matrix("top_log_probabilities", "log_probabilities", p.log_probabilities, rows, p.k);
  const ConstRows x = rows_of(p.x);
  const RowsOf<std::int32_t> top_columns{p.columns.as<std::int32_t>(), p.columns.row_stride()};
  const RowsOf<double> log_probabilities{p.log_probabilities.as<double>(),
                                         p.log_probabilities.row_stride()};
  run_rows(context, rows, columns, [&](std::int64_t begin, std::int64_t end) {
    TopScratch scratch;
    for (std::int64_t r = begin; r < end; ++r) {
      top_of_row(x[r], static_cast<std::size_t>(columns), static_cast<std::size_t>(p.k),
                 top_columns[r], log_probabilities[r], scratch);
    }
  });
}

}  // namespace

void register_top_k() {
  heed::top_log_probabilities.fill(DeviceKind::cpu, &top_log_probabilities);
}

}  // namespace heed::cpu
#endif
