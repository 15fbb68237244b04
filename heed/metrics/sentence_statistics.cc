#include "heed/metrics/sentence_statistics.h"

#include "heed/base/error.h"

namespace heed {

void SentenceStatistics::append(std::span<const std::int64_t> counts) {
  check(counts.size() == columns_, "sentence statistics: a row of {} counts for {} columns",
        counts.size(), columns_);
  values_.insert(values_.end(), counts.begin(), counts.end());
}

std::vector<std::int64_t> SentenceStatistics::total() const {
  std::vector<std::int64_t> sums(columns_, 0);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    sums[i % columns_] += values_[i];
  }
  return sums;
}

std::vector<std::int64_t> SentenceStatistics::total(std::span<const std::size_t> indices) const {
  std::vector<std::int64_t> sums(columns_, 0);
  for (const std::size_t index : indices) {
    check(index < rows(), "sentence statistics: sentence {} of {}", index, rows());
    for (std::size_t column = 0; column < columns_; ++column) {
      sums[column] += values_[index * columns_ + column];
    }
  }
  return sums;
}

void check_line_counts(const char* metric, std::span<const std::string> hypotheses,
                       References references) {
  check_data(!hypotheses.empty(), "{}: no hypotheses to score", metric);
  check_data(!references.empty(), "{}: no references to compare with", metric);
  for (std::size_t r = 0; r < references.size(); ++r) {
    check_data(references[r].size() == hypotheses.size(),
               "{}: {} hypotheses, but reference {} has {} lines", metric, hypotheses.size(), r + 1,
               references[r].size());
  }
}

}  // namespace heed
