// What a metric keeps of each sentence, so that any part of a corpus can be scored without reading
// the text again: the whole, one sentence, a bootstrap sample.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heed {

// A table of counts, one row per sentence. Which count a column holds is told by the metric.
class SentenceStatistics {
 public:
  explicit SentenceStatistics(std::size_t columns) : columns_(columns) {}

  std::size_t rows() const { return values_.size() / columns_; }
  std::size_t columns() const { return columns_; }
  std::span<const std::int64_t> row(std::size_t index) const {
    return {values_.data() + index * columns_, columns_};
  }
  // Adds a sentence. Errors (failure): `counts` has another width.
  void append(std::span<const std::int64_t> counts);
  // The column sums over all sentences.
  std::vector<std::int64_t> total() const;
  // The column sums over the sentences at `indices`, which may repeat.
  std::vector<std::int64_t> total(std::span<const std::size_t> indices) const;

 private:
  std::size_t columns_;
  std::vector<std::int64_t> values_;
};

// References as sacreBLEU takes them: one list of lines per reference file, each as long as the
// list of hypotheses.
using References = std::span<const std::vector<std::string>>;

// Throws bad_data unless there is a hypothesis, a reference, and a line for each hypothesis in
// every reference. `metric` opens the message.
void check_line_counts(const char* metric, std::span<const std::string> hypotheses,
                       References references);

}  // namespace heed
