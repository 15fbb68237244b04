// How well answers to questions about a text fit those that people gave: exact match and F1 of
// words, as SQuAD's official script (v1.1) computes them.
//
//   rows.append(answer_row("the Rhine", {"Rhine", "river Rhine"}));
//   AnswerMetric::exact().score_of(rows.total())   // 0 … 100
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

// Lower case, without ASCII punctuation, the articles a, an and the, and superfluous white space.
std::string normalised_answer(const std::string& text);

// Of an answer: the best over the right ones. None of these: right is no answer at all.
double answer_exact(const std::string& given, std::span<const std::string> right);  // 0 or 1
double answer_f1(const std::string& given, std::span<const std::string> right);     // 0 … 1

// A row: 1; exact match; F1 in parts of 10¹².
inline constexpr std::size_t answer_columns = 3;
std::vector<std::int64_t> answer_row(const std::string& given, std::span<const std::string> right);

class AnswerMetric : public Metric {
 public:
  static AnswerMetric exact();
  static AnswerMetric f1();

  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override { return score(totals); }
  double resampled_score(std::span<const float> totals) const override { return score(totals); }

 private:
  AnswerMetric(MetricStyle style, std::size_t column, double unit)
      : style_(std::move(style)), column_(column), unit_(unit) {}
  template <typename Number>
  double score(std::span<const Number> totals) const {
    const auto count = static_cast<double>(totals[0]);
    return count > 0 ? 100 * unit_ * static_cast<double>(totals[column_]) / count : 0;
  }

  MetricStyle style_;
  std::size_t column_;
  double unit_;
};

}  // namespace heed
