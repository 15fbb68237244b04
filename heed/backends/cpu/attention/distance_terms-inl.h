// The forward pass of vectors by distance for one item: tables [distances, queries] per head, of
// its queries and all keys that they may see.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(HEED_BACKENDS_CPU_ATTENTION_DISTANCE_TERMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_TERMS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_TERMS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_DISTANCE_TERMS_INL_H_
#endif

#include "heed/backends/cpu/attention/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

class DistanceTerms {
 public:
  explicit DistanceTerms(const ForwardCall& call)
      : keys_(call.terms.key_vectors),
        values_(call.terms.value_vectors),
        head_size_(call.sizes.head_size),
        value_size_(call.sizes.value_size) {}

  // The queries and keys, by position.
  void start(Span queries, Span keys, std::int64_t columns) {
    columns_ = columns;
    queries_ = queries.size();
    key_band_ = DistanceBand::of(keys_, queries, keys);
    value_band_ = DistanceBand::of(values_, queries, keys);
  }
  // Memory for `slots` heads at once.
  void lay_out(ScratchCutter& cutter, std::int64_t slots) {
    scores_ = cutter.take(keys_.defined() ? slots * key_band_.rows() * columns_ : 0);
    if (values_.defined()) {
      weights_ = cutter.take(slots * value_band_.rows() * columns_);
      const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
      padded_ = cutter.take(value_band_.rows() * ((value_size_ + lanes - 1) / lanes * lanes));
    }
  }
  const DistanceBand& key_band() const { return key_band_; }
  // The scores of key_vectors, [key_band(), columns].
  float* scores(std::int64_t slot) const { return scores_ + slot * key_band_.rows() * columns_; }

  // Before the first tile of a head. Queries are transposed, [head size, columns].
  void start_head(std::int64_t slot, int head, const float* queries) {
    if (keys_.defined()) {
      multiply_vectors(keys_, head, key_band_, head_size_, queries, columns_, scores(slot));
    }
    if (values_.defined()) {
      std::fill_n(weights(slot), value_band_.rows() * columns_, 0.0f);
    }
  }
  // Sums a tile of weights. `factor`: what it multiplies earlier sums with, or null.
  void add_tile(const TileShape& shape, std::int64_t slot, std::int64_t offset, const float* factor,
                const float* tile) {
    if (!values_.defined()) {
      return;
    }
    if (factor != nullptr) {
      scale_columns(factor, value_band_.rows(), columns_, weights(slot));
    }
    sum_by_distance(shape, offset, value_band_, tile, weights(slot));
  }
  // out += factor ⊙ Σ_t weights_t · value_vectors[t]; a null factor counts as ones.
  void add_values(std::int64_t slot, int head, const float* factor, float* out,
                  std::int64_t out_stride) {
    if (!values_.defined()) {
      return;
    }
    if (factor != nullptr) {
      scale_columns(factor, value_band_.rows(), columns_, weights(slot));
    }
    add_vectors(values_, head, value_band_, value_size_, weights(slot), columns_, queries_, padded_,
                out, out_stride);
  }

 private:
  float* weights(std::int64_t slot) const {
    return weights_ + slot * value_band_.rows() * columns_;
  }

  const DistanceVectors& keys_;
  const DistanceVectors& values_;
  const std::int64_t head_size_, value_size_;
  std::int64_t queries_ = 0, columns_ = 0;
  DistanceBand key_band_, value_band_;
  float* scores_ = nullptr;   // per slot [key_band_, columns]
  float* weights_ = nullptr;  // per slot [value_band_, columns]
  float* padded_ = nullptr;   // [value_band_, value size in whole vectors]
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_DISTANCE_TERMS_INL_H_
