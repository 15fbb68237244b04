// How well a language model predicts a text: the average of −log2 p over its characters, each given
// those before it. Lower is better; 0 would be a text known in advance.
//
//   SentenceStatistics statistics(BitsPerCharacter::columns);
//   statistics.append(BitsPerCharacter::row(log_probability, characters, tokens));
//   const double bits = BitsPerCharacter().score_of(statistics.total());
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "heed/metrics/metric.h"

namespace heed {

class BitsPerCharacter : public Metric {
 public:
  // Of a piece of text: millionths of a bit that it costs, its characters, its tokens.
  static constexpr std::size_t columns = 3;

  // `log_probability`: natural, of all its tokens. Errors (failure): it is no number.
  static std::array<std::int64_t, columns> row(double log_probability, std::int64_t characters,
                                               std::int64_t tokens);

  const MetricStyle& style() const override;
  // 0 where there is no character.
  double score_of(std::span<const std::int64_t> totals) const override;
  double resampled_score(std::span<const float> totals) const override;

  // Nats per token.
  static double loss_of(std::span<const std::int64_t> totals);
};

}  // namespace heed
