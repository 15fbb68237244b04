#include "heed/nn/position/shaw.h"
#include "heed/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace heed {

namespace {

class ShawPositions : public PositionEncoding {
 public:
  ShawPositions(const PositionConfig& config, const PositionScope& scope) {
    const std::int64_t value_size = scope.value_size > 0 ? scope.value_size : scope.head_size;
    for (int i = 0; i < scope.layers; ++i) {
      Layer& layer = layers_.emplace_back();
      layer.keys = table(config, scope, scope.head_size);
      if (config.relative_values) {
        layer.values = table(config, scope, value_size);
      }
    }
  }

  void add_terms(int layer, std::int64_t /*length*/, ops::AttentionTerms& terms) const override {
    terms.key_vectors = layers_.at(static_cast<std::size_t>(layer)).keys.value;
    terms.value_vectors = layers_.at(static_cast<std::size_t>(layer)).values.value;
  }

  void visit(ParameterVisitor& visitor) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      visitor.parameter(fmt::format("layers.{}.relative_keys", i), layers_[i].keys);
      visitor.parameter(fmt::format("layers.{}.relative_values", i), layers_[i].values);
    }
  }

 private:
  // See AttentionTerms::key_vectors.
  static Parameter table(const PositionConfig& config, const PositionScope& scope,
                         std::int64_t size) {
    const std::int64_t distances = 2 * std::int64_t{config.clip} + 1;
    const bool odd_heads = scope.heads > 1 && scope.heads % 2 == 1;
    const Shape shape = !config.per_head ? Shape({distances, size})
                        : odd_heads      ? Shape({scope.heads, distances, size})
                                         : Shape({scope.heads * distances, size});
    return {shape, Initial::xavier, false, scope.device};
  }

  struct Layer {
    Parameter keys;
    Parameter values;  // undefined when only keys have vectors
  };
  std::vector<Layer> layers_;
};

}  // namespace

std::int64_t shaw_index(std::int64_t i, std::int64_t j, std::int64_t k) {
  return std::clamp(j - i, -k, k) + k;
}

PositionScheme shaw_scheme() {
  return {.kind = "shaw",
          .summary = "A vector per clipped distance in keys and values (Shaw et al., 2018)",
          .scores = true,
          .values = true,
          .learned = true,
          .any_length = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_usage(config.clip > 0, "position.clip {}: expected a distance above 0",
                        config.clip);
            return std::make_unique<ShawPositions>(config, scope);
          }};
}

}  // namespace heed
