// The gradients of one query's attention: AttentionRow's steps in reverse order. The row is
// computed again, so that nothing but operands has to be kept from the forward pass.
#pragma once

#include <utility>

#include "heed/backends/common/attention_row.h"

namespace heed::common {

template <typename Loops>
class AttentionRowGradient : public AttentionRow<Loops> {
 public:
  using Base = AttentionRow<Loops>;
  using T = typename Base::T;

  using Base::Base;

  // After attend(query). dout: [heads · value_size].
  void add_gradients(const T* dout, const AttentionSums<T>& sums) {
    if (count_ == 0) {
      return;
    }
    sums_ = sums;
    for (std::vector<T>* array : {&gradient_, &mixed_gradient_}) {
      array->resize(static_cast<std::size_t>(plan_.heads * stride_));
    }
    for (int h = 0; h < plan_.heads; ++h) {
      add_value_gradients(h, dout + h * operands_.sizes.value_size);
    }
    unmix(terms_.mix_weights, sums_.terms.mix_weights, weights_);
    for (int h = 0; h < plan_.heads; ++h) {
      differentiate_normalizer(h);
      differentiate_soft_cap(h);
    }
    unmix(terms_.mix_scores, sums_.terms.mix_scores, raw_);
    for (int h = 0; h < plan_.heads; ++h) {
      add_bias_gradients(h);
      add_key_vector_gradients(h);
      add_pair_gradients(h);
    }
  }

 private:
  using Base::at;
  using Base::by_distance;
  using Base::count_;
  using Base::distance_column;
  using Base::factors_;
  using Base::kept_;
  using Base::keys;
  using Base::loops_;
  using Base::operands_;
  using Base::plan_;
  using Base::query;
  using Base::query_;
  using Base::raw_;
  using Base::scores_;
  using Base::seen;
  using Base::stride_;
  using Base::sums_by_distance;
  using Base::terms_;
  using Base::weights_;

  // With P the weights after dropout: dv_j += P_j dout, and the gradient of the weights before
  // dropout is (dropout factor) · dout · (v_j + value vector), into gradient_.
  void add_value_gradients(int h, const T* dout) {
    const std::int64_t size = operands_.sizes.value_size;
    const int key_head = operands_.key_head(h);
    T* gradient = at(gradient_, h);
    loops_.products(dout, seen(operands_.v, key_head, size), size, gradient);
    loops_.add_to_rows(at(kept_, h), dout, size, seen(sums_.dv, key_head, size));
    if (terms_.value_vectors.data != nullptr) {
      const DistanceTable& table = operands_.value_table;
      Base::add_products_by_distance(dout, terms_.value_vectors, table, h, size, T{1}, gradient);
      if (sums_.terms.value_vectors.data != nullptr) {
        loops_.add_to_rows(sums_by_distance(table, at(kept_, h)), dout, size,
                           by_distance(sums_.terms.value_vectors, table, h));
      }
    }
    if (plan_.dropout.active()) {
      for (std::int64_t n = 0; n < count_; ++n) {
        gradient[n] *= at(factors_, h)[n];
      }
    }
  }

  // For to[h] = Σ_g matrix[h, g] from[g] with the gradient of `to` in gradient_:
  // dmatrix[h, g] += gradient[h]·from[g], and the gradient of `from` replaces that of `to`.
  void unmix(const Matrix<const T>& matrix, const Matrix<T>& dmatrix, std::vector<T>& from) {
    if (matrix.data == nullptr) {
      return;
    }
    std::fill(mixed_gradient_.begin(), mixed_gradient_.end(), T{0});
    for (int h = 0; h < plan_.heads; ++h) {
      for (int g = 0; g < plan_.heads; ++g) {
        if (dmatrix.data != nullptr) {
          dmatrix[h][g] += loops_.dot(at(gradient_, h), at(from, g), count_);
        }
        loops_.add_scaled(matrix[h][g], at(gradient_, h), count_, at(mixed_gradient_, g));
      }
    }
    std::swap(gradient_, mixed_gradient_);
  }

  void differentiate_normalizer(int h) {
    const std::int64_t count = Base::count_with_sink();
    T* gradient = at(gradient_, h);
    gradient[count_] = 0;  // the sink has no value
    switch (plan_.normalizer) {
      case AttentionNormalizer::softmax:
        softmax_gradient(loops_, count, at(weights_, h), gradient);
        break;
      case AttentionNormalizer::sparsemax:
        sparsemax_gradient(count, at(weights_, h), gradient);
        break;
      case AttentionNormalizer::hard:
        noisy_scores_.assign(at(scores_, h), at(scores_, h) + count);
        if (plan_.gumbel) {
          loops_.add_scaled(1, at(Base::noise_, h), count_, noisy_scores_.data());
        }
        hard_maximum_gradient(loops_, static_cast<T>(plan_.temperature), count,
                              noisy_scores_.data(), gradient);
        break;
    }
    if (sums_.terms.sinks.data != nullptr) {
      sums_.terms.sinks[0][h] += gradient[count_];
    }
  }

  // d(c · tanh(x / c)) = (1 - tanh²(x / c)) dx.
  void differentiate_soft_cap(int h) {
    if (plan_.soft_cap > 0) {
      for (std::int64_t n = 0; n < count_; ++n) {
        const T t = at(scores_, h)[n] / static_cast<T>(plan_.soft_cap);
        at(gradient_, h)[n] *= 1 - t * t;
      }
    }
  }

  void add_bias_gradients(int h) {
    const T* gradient = at(gradient_, h);
    if (sums_.terms.distance_bias.data != nullptr) {
      T* bias = sums_.terms.distance_bias[h];
      const std::int64_t reach = distance_reach(terms_.distance_bias.columns);
      for (std::int64_t n = 0; n < count_; ++n) {
        bias[distance_column(reach, n)] += gradient[n];
      }
    }
    if (sums_.terms.table_bias.data != nullptr) {
      T* bias = sums_.terms.table_bias[h * operands_.table_queries + query_->table_row];
      for (std::int64_t n = 0; n < count_; ++n) {
        bias[query_->places[static_cast<std::size_t>(n)]] += gradient[n];
      }
    }
  }

  T* query_gradient(int h) const { return sums_.dq[query_->row] + h * operands_.sizes.head_size; }
  SeenRows<T> key_gradients(int h) const {
    return seen(sums_.dk, operands_.key_head(h), operands_.sizes.head_size);
  }

  // The term scale · q·a_t: dq += scale Σ ds_j a_t(j), da_t += scale Σ_{t(j) = t} ds_j q.
  void add_key_vector_gradients(int h) {
    if (terms_.key_vectors.data == nullptr) {
      return;
    }
    const DistanceTable& table = operands_.key_table;
    scaled_.assign(at(gradient_, h), at(gradient_, h) + count_);
    Base::multiply(Base::scale(), scaled_.data());
    const T* sums = sums_by_distance(table, scaled_.data());
    const std::int64_t size = operands_.sizes.head_size;
    loops_.add_rows(sums, by_distance(terms_.key_vectors, table, h), size, query_gradient(h));
    if (sums_.terms.key_vectors.data != nullptr) {
      loops_.add_to_rows(sums, query(h), size, by_distance(sums_.terms.key_vectors, table, h));
    }
  }

  // What a query and a key contribute, the gates of contextual positions included.
  void add_pair_gradients(int h) {
    const std::int64_t size = operands_.sizes.head_size;
    scaled_.assign(at(gradient_, h), at(gradient_, h) + count_);
    if (plan_.scorer == AttentionScorer::additive) {
      const Matrix<T>& w = sums_.terms.additive;
      loops_.add_additive_gradients(scaled_.data(), terms_.additive[h], query(h), keys(h), size,
                                    query_gradient(h), key_gradients(h),
                                    w.data != nullptr ? w[h] : nullptr);
    } else if (plan_.scorer == AttentionScorer::gaussian) {
      Base::multiply(Base::scale(), scaled_.data());
      loops_.add_distance_gradients(scaled_.data(), query(h), keys(h), size, query_gradient(h),
                                    key_gradients(h));
    }
    // What remains are gradients of scale · q·k.
    if (plan_.scorer != AttentionScorer::dot) {
      if (terms_.contextual.data == nullptr) {
        return;
      }
      std::fill(scaled_.begin(), scaled_.end(), T{0});
    }
    if (terms_.contextual.data != nullptr) {
      add_contextual_gradients(h);
    }
    Base::multiply(Base::scale(), scaled_.data());
    loops_.add_rows(scaled_.data(), keys(h), size, query_gradient(h));
    loops_.add_to_rows(scaled_.data(), query(h), size, key_gradients(h));
  }

  // With L_m = q·contextual[m], f = floor p_j, e = p_j - f, the term is (1 - e) L_f + e L_(f+1):
  // dL_f += (1 - e) ds_j, dL_(f+1) += e ds_j, dp_j = (L_(f+1) - L_f) ds_j unless p_j is cut off.
  // Gate g_t is part of every p_j with j <= t. Adds the gradients of the gates' scores to scaled_.
  void add_contextual_gradients(int h) {
    const T* gradient = at(gradient_, h);
    const T* gates = at(Base::gates_, h);
    const T* counts = at(Base::counts_, h);
    const auto last = static_cast<T>(terms_.contextual.rows - 1);
    Base::compute_position_products(h);
    const std::vector<T>& products = Base::position_products_;
    position_gradient_.assign(products.size(), T{0});
    T gate_gradient = 0;
    for (std::int64_t n = 0; n < count_; ++n) {
      const auto between = Base::interpolation(counts[n]);
      position_gradient_[between.below] += between.share_below * gradient[n];
      position_gradient_[between.above] += between.share_above * gradient[n];
      if (counts[n] < last) {
        gate_gradient += (products[between.above] - products[between.below]) * gradient[n];
      }
      scaled_[static_cast<std::size_t>(n)] += gate_gradient * gates[n] * (1 - gates[n]);
    }
    const auto reached = static_cast<std::int64_t>(products.size());
    const std::int64_t size = operands_.sizes.head_size;
    loops_.add_rows(position_gradient_.data(), Base::first_rows(terms_.contextual, 0, reached),
                    size, query_gradient(h));
    if (sums_.terms.contextual.data != nullptr) {
      loops_.add_to_rows(position_gradient_.data(), query(h), size,
                         Base::first_rows(sums_.terms.contextual, 0, reached));
    }
  }

  AttentionSums<T> sums_;
  std::vector<T> gradient_;  // of the array that the step at hand computed
  std::vector<T> mixed_gradient_;
  std::vector<T> noisy_scores_;
  std::vector<T> scaled_;
  std::vector<T> position_gradient_;
};

}  // namespace heed::common
