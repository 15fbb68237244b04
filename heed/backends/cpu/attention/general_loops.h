// The inner loops of AttentionRow with vectors, in float32.
#pragma once

#include "heed/backends/common/seen_rows.h"

namespace heed::cpu {

class AttentionVectorLoops {
 public:
  using Element = float;
  using ConstSeenRows = common::SeenRows<const float>;
  using SeenRows = common::SeenRows<float>;

  // out[n] = x · row n.
  void products(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) const;
  // y += Σ_n weights[n] · row n.
  void add_rows(const float* weights, const ConstSeenRows& rows, std::int64_t size, float* y) const;
  // row n += weights[n] · x.
  void add_to_rows(const float* weights, const float* x, std::int64_t size,
                   const SeenRows& rows) const;
  // out[n] = -|x - row n|² / 2.
  void distances(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) const;
  // dx += Σ_n weights[n] · (row n - x); drow n += weights[n] · (x - row n).
  void add_distance_gradients(const float* weights, const float* x, const ConstSeenRows& rows,
                              std::int64_t size, float* dx, const SeenRows& drows) const;
  // out[n] = w · tanh(x + row n).
  void additive(const float* w, const float* x, const ConstSeenRows& rows, std::int64_t size,
                float* out) const;
  // With a = tanh(x + row n): dx and drow n += dscores[n] · w ⊙ (1 - a²); dw += dscores[n] · a,
  // unless dw is null.
  void add_additive_gradients(const float* dscores, const float* w, const float* x,
                              const ConstSeenRows& rows, std::int64_t size, float* dx,
                              const SeenRows& drows, float* dw) const;
  // y += factor · x.
  void add_scaled(float factor, const float* x, std::int64_t count, float* y) const;
  float dot(const float* a, const float* b, std::int64_t count) const;
  // The largest number, ignoring NaN; -inf if there is none.
  float largest(const float* x, std::int64_t count) const;
  // x = e^(x - shift); returns the sum.
  float exponentials(float shift, std::int64_t count, float* x) const;
  // x = cap · tanh(x / cap).
  void soft_cap(float cap, std::int64_t count, float* x) const;
  // y = 1 / (1 + e^-x).
  void sigmoids(const float* x, std::int64_t count, float* y) const;
};

}  // namespace heed::cpu
