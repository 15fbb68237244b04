#include "heed/nn/pooling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace {

using Row = std::span<const float>;

void add_mean(std::span<const Row> rows, double divisor, std::span<float> result) {
  std::vector<double> sums(result.size());
  for (const Row& row : rows) {
    std::ranges::transform(sums, row, sums.begin(), std::plus<double>{});
  }
  std::ranges::transform(sums, result.begin(),
                         [&](double sum) { return static_cast<float>(sum / divisor); });
}

void pool_rows(std::span<const Row> rows, const std::string& pooling, std::span<float> result) {
  const auto count = static_cast<double>(rows.size());
  if (pooling == "mean") {
    add_mean(rows, count, result);
  } else if (pooling == "mean_sqrt_length") {
    add_mean(rows, std::sqrt(count), result);
  } else if (pooling == "max") {
    std::ranges::copy(rows.front(), result.begin());
    for (const Row& row : rows.subspan(1)) {
      std::ranges::transform(result, row, result.begin(),
                             [](float a, float b) { return b > a || std::isnan(b) ? b : a; });
    }
  } else {
    std::ranges::copy(pooling == "cls" ? rows.front() : rows.back(), result.begin());
  }
}

}  // namespace

void check_pooling(const std::string& pooling, const char* key) {
  check_usage(pooling == "cls" || pooling == "mean" || pooling == "max" ||
                  pooling == "mean_sqrt_length" || pooling == "last",
              "{} '{}': expected cls, mean, max, mean_sqrt_length or last", key, pooling);
}

Tensor pool(const Encoder::States& states, const std::string& pooling) {
  check_pooling(pooling, "pooling");
  const Tensor values = states.values.to(DType::float32).to(cpu_device);
  const auto width = static_cast<std::size_t>(values.size(1));
  const Tensor result = Tensor::empty({states.rows.count(), values.size(1)}, DType::float32);
  const auto from = values.values<float>();
  const auto to = result.values<float>();
  const std::vector<std::int32_t>& offsets = states.rows.offsets;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    check_data(offsets[s] < offsets[s + 1], "sequence {} has no tokens", s);
    std::vector<Row> rows;
    for (std::int32_t row = offsets[s]; row < offsets[s + 1]; ++row) {
      rows.push_back(from.subspan(static_cast<std::size_t>(row) * width, width));
    }
    pool_rows(rows, pooling, to.subspan(s * width, width));
  }
  return result;
}

void normalise_rows(const Tensor& rows) {
  const auto width = static_cast<std::size_t>(rows.size(1));
  const auto values = rows.values<float>();
  for (std::size_t begin = 0; begin < values.size(); begin += width) {
    const auto row = values.subspan(begin, width);
    double squares = 0;
    for (const float value : row) {
      squares += static_cast<double>(value) * value;
    }
    const double length = std::max(std::sqrt(squares), 1e-12);
    std::ranges::transform(row, row.begin(),
                           [&](float value) { return static_cast<float>(value / length); });
  }
}

}  // namespace heed
