#include "heed/nn/position/t5.h"

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"
#include "heed/ops/bias_table.h"

namespace heed {

namespace {

class T5Positions : public PositionEncoding {
 public:
  T5Positions(const PositionConfig& config, const PositionScope& scope)
      : biases_({config.buckets, scope.heads}, Initial::zeros, false, scope.device) {
    std::vector<std::int32_t> buckets;
    for (std::int64_t t = -config.max_distance; t <= config.max_distance; ++t) {
      buckets.push_back(static_cast<std::int32_t>(
          t5_bucket(t, !scope.causal, config.buckets, config.max_distance)));
    }
    bucket_of_distance_ =
        Tensor::from_values<std::int32_t>(buckets, {static_cast<std::int64_t>(buckets.size())});
  }

  void add_terms(int /*layer*/, std::int64_t /*length*/,
                 ops::AttentionTerms& terms) const override {
    terms.distance_bias = ops::spread_biases(biases_.value, bucket_of_distance_,
                                             {biases_.value.size(1), bucket_of_distance_.size(0)});
  }

  void visit(ParameterVisitor& visitor) override {
    visitor.parameter("relative_attention_bias", biases_);
  }

 private:
  Parameter biases_;           // [buckets, heads]
  Tensor bucket_of_distance_;  // int32 [2·max_distance + 1]
};

}  // namespace

std::int64_t t5_bucket(std::int64_t distance, bool two_sided, std::int64_t buckets,
                       std::int64_t max_distance) {
  std::int64_t first = 0;
  std::int64_t n = std::max<std::int64_t>(0, -distance);
  if (two_sided) {
    buckets /= 2;
    first = distance > 0 ? buckets : 0;
    n = std::abs(distance);
  }
  const std::int64_t exact = buckets / 2;
  if (n < exact) {
    return first + n;
  }
  const double share = std::log(static_cast<double>(n) / static_cast<double>(exact)) /
                       std::log(static_cast<double>(max_distance) / static_cast<double>(exact));
  // The small term keeps distances at which the logarithms divide evenly on their side.
  const auto steps = static_cast<std::int64_t>(share * static_cast<double>(buckets - exact) + 1e-9);
  return first + std::min(exact + steps, buckets - 1);
}

PositionScheme t5_scheme() {
  return {.kind = "t5",
          .summary = "A learned bias per head and bucket of distances (Raffel et al., 2020)",
          .scores = true,
          .learned = true,
          .any_length = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            const int least = scope.causal ? 2 : 4;
            check_usage(config.buckets >= least && (scope.causal || config.buckets % 2 == 0),
                        "position.buckets {}: expected at least {}{}", config.buckets, least,
                        scope.causal ? "" : ", and an even number, half for each side");
            check_usage(config.max_distance <= 1 << 20,
                        "position.max_distance {}: expected at most {}", config.max_distance,
                        1 << 20);
            const int exact = config.buckets / least;
            check_usage(config.max_distance > exact,
                        "position.max_distance {}: expected more than the {} distances that have "
                        "a bucket of their own",
                        config.max_distance, exact);
            return std::make_unique<T5Positions>(config, scope);
          }};
}

}  // namespace heed
