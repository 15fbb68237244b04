// The inner loops of AttentionRow with vectors: the functions of reference::AttentionLoops, in
// float32.
#pragma once

#include "heed/backends/common/attention_loops.h"

namespace heed::cpu {

class AttentionVectorLoops {
 public:
  using Element = float;
  using ConstSeenRows = reference::SeenRows<const float>;
  using SeenRows = reference::SeenRows<float>;

  void products(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) const;
  void add_rows(const float* weights, const ConstSeenRows& rows, std::int64_t size, float* y) const;
  void add_to_rows(const float* weights, const float* x, std::int64_t size,
                   const SeenRows& rows) const;
  void distances(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) const;
  void add_distance_gradients(const float* weights, const float* x, const ConstSeenRows& rows,
                              std::int64_t size, float* dx, const SeenRows& drows) const;
  void additive(const float* w, const float* x, const ConstSeenRows& rows, std::int64_t size,
                float* out) const;
  void add_additive_gradients(const float* dscores, const float* w, const float* x,
                              const ConstSeenRows& rows, std::int64_t size, float* dx,
                              const SeenRows& drows, float* dw) const;
  void add_scaled(float factor, const float* x, std::int64_t count, float* y) const;
  float dot(const float* a, const float* b, std::int64_t count) const;
  float largest(const float* x, std::int64_t count) const;
  float exponentials(float shift, std::int64_t count, float* x) const;
  void soft_cap(float cap, std::int64_t count, float* x) const;
  void sigmoids(const float* x, std::int64_t count, float* y) const;
};

}  // namespace heed::cpu
