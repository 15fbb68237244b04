#include "heed/nn/position/cope.h"
#include "heed/base/error.h"

#include <fmt/format.h>

namespace heed {

namespace {

class ContextualPositions : public PositionEncoding {
 public:
  ContextualPositions(const PositionConfig& config, const PositionScope& scope) {
    for (int i = 0; i < scope.layers; ++i) {
      layers_.emplace_back(Shape({config.context_positions, scope.head_size}), Initial::zeros,
                           false, scope.device);
    }
  }

  void add_terms(int layer, std::int64_t /*length*/, ops::AttentionTerms& terms) const override {
    terms.contextual = layers_.at(static_cast<std::size_t>(layer)).value;
  }

  void visit(ParameterVisitor& visitor) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      visitor.parameter(fmt::format("layers.{}.contextual_positions", i), layers_[i]);
    }
  }

 private:
  std::vector<Parameter> layers_;
};

}  // namespace

PositionScheme cope_scheme() {
  return {
      .kind = "cope",
      .summary = "Distances counted in tokens that matter to the query (Golovneva et al., 2024)",
      .scores = true,
      .contextual = true,
      .learned = true,
      .any_length = true,
      .make = [](const PositionConfig& config, const PositionScope& scope) {
        check_usage(config.context_positions >= 2,
                    "position.context_positions {}: expected 2 or more", config.context_positions);
        return std::make_unique<ContextualPositions>(config, scope);
      }};
}

}  // namespace heed
