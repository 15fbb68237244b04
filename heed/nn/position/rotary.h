// Rotary positions (Su et al., "RoFormer: enhanced Transformer with rotary position embedding",
// 2021, equation 34): pair j of a query or key at position p is turned by the angle p·ω_j,
// ω_j = base^(-2j/d) over the d turned components of a head. A product of a query at m with a key
// at n then depends on their content and on m - n alone.
//
// Scalings give other frequencies ω', for sequences s = scaling_factor times longer than the
// T = trained_length positions of the training (with the names of Transformers' configurations):
//   linear  ω' = ω / s (Chen et al., "Extending context window of large language models via
//           positional interpolation", 2023)
//   ntk     base' = base · s^(d/(d-2)): the fastest pair stays, the slowest is divided by s
//           (bloc97, "NTK-aware scaled RoPE", 2023)
//   yarn    ω' = ω·(1-γ_j)/s + ω·γ_j, the ramp γ_j falling from 1 to 0 between the pairs that turn
//           beta_fast and beta_slow times within T, rounded outwards; cosines and sines times
//           attention_factor, by default 0.1·ln(s) + 1 (Peng et al., "YaRN", 2023,
//           sections 3.2-3.4)
//   llama3  with t = T·ω / 2π turns within T: ω/s below low_frequency_factor, ω above
//           high_frequency_factor, between them ω·((1-g)/s + g), g = (t - low) / (high - low)
//           (Llama team, "The Llama 3 herd of models", 2024, and its published code)
//
// Angles are computed in float64: cosines and sines are exact to the rounding of float32 at any
// position.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/kernels/rotary.h"
#include "heed/nn/position/position_encoding.h"

namespace heed {

struct RotaryFrequencies {
  std::vector<double> frequencies;  // radians per position, one per pair
  double factor = 1;                // on cosines and sines
};
// Errors (usage) name the key: a share of the head that is no even number of components, an unknown
// scaling, factors without sense.
RotaryFrequencies rotary_frequencies(const PositionConfig& config, const PositionScope& scope);

// cosines, sines: [length, pairs], times factor · growth_j^position (growth empty: 1).
struct RotaryTables {
  Tensor cosines, sines;
};
RotaryTables rotary_tables(std::int64_t length, const RotaryFrequencies& frequencies,
                           const std::vector<double>& growth, Device device);

RotaryLayout rotary_layout(const std::string& name);

PositionScheme rotary_scheme();

}  // namespace heed
