// The backward pass of vectors by distance for one item: tables [distances, queries] per head, of
// the present block of queries and all keys of the item.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "heed/backends/cpu/attention/partials.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_DISTANCE_GRADIENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_GRADIENTS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_GRADIENTS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_DISTANCE_GRADIENTS_INL_H_
#endif

#include "heed/backends/cpu/attention/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// A right operand of a product, with rows that may be read in whole vectors.
struct Operand {
  const float* data;
  std::int64_t stride;
};

// gradient += table[distances, columns] · right[queries, size].
HWY_INLINE void add_vector_gradient(const PartialRows& gradient, int head, const DistanceBand& band,
                                    const float* table, std::int64_t columns, const Operand& right,
                                    std::int64_t queries) {
  const SmallProduct product{
      table,   columns, right.data, right.stride, gradient.at(head, band.lo), gradient.columns,
      nullptr, true};
  small_product<false>(product, band.rows(), gradient.columns, WholeRange{queries});
}

class DistanceGradients {
 public:
  DistanceGradients(const BackwardCall& call, const TaskGradients& wanted)
      : keys_(call.terms.key_vectors),
        values_(call.terms.value_vectors),
        wanted_(wanted),
        head_size_(call.sizes.head_size),
        value_size_(call.sizes.value_size) {}

  // Memory for `slots` heads at once.
  void lay_out(ScratchCutter& cutter, std::int64_t slots, std::int64_t keys, std::int64_t queries) {
    const auto rows = [&](const DistanceVectors& vectors) {
      return vectors.defined() ? std::min(2 * vectors.reach + 1, keys + queries - 1) : 0;
    };
    key_table_ = rows(keys_) * queries;
    value_table_ = rows(values_) * queries;
    scores_ = cutter.take(slots * key_table_);
    ds_ = cutter.take(slots * key_table_);
    dp_ = cutter.take(slots * value_table_);
    weights_ = cutter.take(wanted_.value_vectors.wanted() ? slots * value_table_ : 0);
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_ = cutter.take(rows(keys_) * ((head_size_ + lanes - 1) / lanes * lanes));
  }

  // The queries and keys, by position, of what follows.
  void start_queries(Span queries, Span keys) {
    key_band_ = DistanceBand::of(keys_, queries, keys);
    value_band_ = DistanceBand::of(values_, queries, keys);
  }
  const DistanceBand& key_band() const { return key_band_; }

  // Before the first tile of a head. Queries and dout are transposed, [size, columns].
  void start_head(std::int64_t slot, int head, const float* queries, const float* dout,
                  std::int64_t columns) {
    if (keys_.defined()) {
      multiply_vectors(keys_, head, key_band_, head_size_, queries, columns, scores(slot));
      std::fill_n(ds_ + slot * key_table_, key_band_.rows() * columns, 0.0f);
    }
    if (values_.defined()) {
      multiply_vectors(values_, head, value_band_, value_size_, dout, columns,
                       dp_ + slot * value_table_);
    }
    if (wanted_.value_vectors.wanted()) {
      std::fill_n(weights_ + slot * value_table_, value_band_.rows() * columns, 0.0f);
    }
  }
  // The scores of key_vectors, [key_band(), columns].
  float* scores(std::int64_t slot) const { return scores_ + slot * key_table_; }

  // gradients of the weights += value_vectors · dout.
  void add_weight_gradients(const TileShape& shape, std::int64_t slot, std::int64_t offset,
                            float* gradients) const {
    if (values_.defined()) {
      add_by_distance(shape, offset, value_band_, dp_ + slot * value_table_, gradients);
    }
  }
  // Sums a tile of gradients of the scores (times the scale) and of dropped weights.
  void add_tile(const TileShape& shape, std::int64_t slot, std::int64_t offset,
                const float* gradients, const float* weights) {
    if (keys_.defined()) {
      sum_by_distance(shape, offset, key_band_, gradients, ds_ + slot * key_table_);
    }
    if (wanted_.value_vectors.wanted()) {
      sum_by_distance(shape, offset, value_band_, weights, weights_ + slot * value_table_);
    }
  }

  // After the last tile: dq += Σ_t ds_t · key_vectors[t].
  void add_query_gradients(std::int64_t slot, int head, std::int64_t queries, std::int64_t columns,
                           float* dq, std::int64_t stride) const {
    if (keys_.defined()) {
      add_vectors(keys_, head, key_band_, head_size_, ds_ + slot * key_table_, columns, queries,
                  padded_, dq, stride);
    }
  }
  // The gradients of the vectors += tables · q and tables · dout.
  void add_vector_gradients(std::int64_t slot, int head, std::int64_t queries, std::int64_t columns,
                            const Operand& q, const Operand& dout) const {
    if (wanted_.key_vectors.wanted()) {
      add_vector_gradient(wanted_.key_vectors, head, key_band_, ds_ + slot * key_table_, columns, q,
                          queries);
    }
    if (wanted_.value_vectors.wanted()) {
      add_vector_gradient(wanted_.value_vectors, head, value_band_, weights_ + slot * value_table_,
                          columns, dout, queries);
    }
  }

 private:
  const DistanceVectors& keys_;
  const DistanceVectors& values_;
  const TaskGradients& wanted_;
  const std::int64_t head_size_, value_size_;
  DistanceBand key_band_, value_band_;
  std::int64_t key_table_ = 0, value_table_ = 0;  // floats of a head
  float* scores_ = nullptr;                       // per slot [key_band_, columns]
  float* ds_ = nullptr;                           // per slot [key_band_, columns]
  float* dp_ = nullptr;                           // per slot [value_band_, columns]
  float* weights_ = nullptr;                      // per slot [value_band_, columns]
  float* padded_ = nullptr;                       // [key_band_, head size in whole vectors]
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_DISTANCE_GRADIENTS_INL_H_
