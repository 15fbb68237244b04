#include "heed/nn/position/xpos.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/nn/position/grown_table.h"
#include "heed/nn/position/rotary.h"
#include "heed/ops/rotary.h"

namespace heed {

namespace {

constexpr double gamma = 0.4;

class XposPositions : public PositionEncoding {
 public:
  XposPositions(const PositionConfig& config, const PositionScope& scope)
      : frequencies_(rotary_frequencies(config, scope)),
        layout_(rotary_layout(config.layout)),
        scope_(scope),
        // Beyond it the factors of queries and keys leave the range of float32.
        longest_(static_cast<std::int64_t>(config.decay_base * 60)) {
    decays_ =
        xpos_decays(static_cast<std::int64_t>(frequencies_.frequencies.size()), config.decay_base);
    for (const double decay : decays_) {
      growths_.push_back(1 / decay);
    }
  }

  Tensor turn_queries(int /*layer*/, const Tensor& q, const Tensor& positions,
                      std::int64_t length) const override {
    const RotaryTables tables = tables_of(length).queries;
    return ops::rotate(q, positions, tables.cosines, tables.sines, scope_.heads, layout_);
  }
  Tensor turn_keys(int /*layer*/, const Tensor& k, const Tensor& positions,
                   std::int64_t length) const override {
    const RotaryTables tables = tables_of(length).keys;
    return ops::rotate(k, positions, tables.cosines, tables.sines, scope_.key_heads, layout_);
  }

 private:
  struct Tables {
    RotaryTables queries, keys;
  };

  Tables tables_of(std::int64_t length) const {
    check_usage(length <= longest_,
                "xpos: length {} asked for; with position.decay_base {} it reaches {}", length,
                static_cast<double>(longest_) / 60, longest_);
    return tables_.get(length, [this](std::int64_t reach) {
      reach = std::min(reach, longest_);
      return Tables{rotary_tables(reach, frequencies_, decays_, scope_.device),
                    rotary_tables(reach, frequencies_, growths_, scope_.device)};
    });
  }

  RotaryFrequencies frequencies_;
  RotaryLayout layout_;
  PositionScope scope_;
  std::int64_t longest_;
  std::vector<double> decays_, growths_;
  GrownTable<Tables> tables_;
};

}  // namespace

std::vector<double> xpos_decays(std::int64_t pairs, double decay_base) {
  std::vector<double> result;
  for (std::int64_t j = 0; j < pairs; ++j) {
    const double zeta = (static_cast<double>(j) / static_cast<double>(pairs) + gamma) / (1 + gamma);
    result.push_back(std::pow(zeta, 1 / decay_base));
  }
  return result;
}

PositionScheme xpos_scheme() {
  return {.kind = "xpos",
          .summary = "Rotary positions that fade with distance (Sun et al., 2022)",
          .queries_and_keys = true,
          .any_length = true,
          .stretches = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_usage(config.decay_base >= 1, "position.decay_base {}: expected 1 or more",
                        config.decay_base);
            check_usage(config.scaling == "none",
                        "position.scaling {}: scalings are for position.kind rotary",
                        config.scaling);
            return std::make_unique<XposPositions>(config, scope);
          }};
}

}  // namespace heed
