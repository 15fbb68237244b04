#include "heed/nn/position/alibi.h"

#include <bit>
#include <cmath>

#include "heed/nn/position/grown_table.h"

namespace heed {

namespace {

class AlibiPositions : public PositionEncoding {
 public:
  explicit AlibiPositions(const PositionScope& scope)
      : slopes_(alibi_slopes(scope.heads)), device_(scope.device) {}

  void add_terms(int /*layer*/, std::int64_t length, ops::AttentionTerms& terms) const override {
    terms.distance_bias = biases_.get(length, [this](std::int64_t reached) {
      const std::int64_t reach = reached - 1;
      std::vector<double> values;
      for (const double slope : slopes_) {
        for (std::int64_t t = -reach; t <= reach; ++t) {
          values.push_back(-slope * static_cast<double>(std::abs(t)));
        }
      }
      return constant_tensor(values, {static_cast<std::int64_t>(slopes_.size()), 2 * reach + 1},
                             device_);
    });
  }

 private:
  std::vector<double> slopes_;
  Device device_;
  GrownTable<Tensor> biases_;
};

}  // namespace

std::vector<double> alibi_slopes(int heads) {
  const auto power = static_cast<int>(std::bit_floor(static_cast<unsigned>(heads)));
  std::vector<double> slopes;
  for (int h = 1; h <= power; ++h) {
    slopes.push_back(std::exp2(-8.0 * h / power));
  }
  for (int h = 1; static_cast<int>(slopes.size()) < heads; h += 2) {
    slopes.push_back(std::exp2(-4.0 * h / power));
  }
  return slopes;
}

PositionScheme alibi_scheme() {
  return {
      .kind = "alibi",
      .summary = "Scores fall linearly with distance, steeper in some heads (Press et al., 2022)",
      .scores = true,
      .any_length = true,
      .make = [](const PositionConfig&, const PositionScope& scope) {
        return std::make_unique<AlibiPositions>(scope);
      }};
}

}  // namespace heed
