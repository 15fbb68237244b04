// Attention of one query over the keys that it sees, all heads together, as AttentionPlan and
// AttentionTerms define it, step by step:
//
//   raw scores → terms → mix_scores → soft cap → normalizer (with sinks) → mix_weights → dropout
//   → sum of values and value vectors
//
// Keys that the query does not see are in none of the arrays, so that nothing of theirs can leak.
//
// A backend brings the inner loops. Its checks are the reference backend's own loops, which have
// nothing from here.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "heed/backends/common/attention_normalizers.h"
#include "heed/backends/common/attention_query.h"
#include "heed/backends/common/seen_rows.h"

namespace heed::common {

// `Loops` are the inner loops over the type `Element`, with the functions of AttentionVectorLoops
// (backends/cpu/attention/general_loops.h).
template <typename Loops>
class AttentionRow {
 public:
  using T = typename Loops::Element;

  AttentionRow(const AttentionOperands<T>& operands, const Loops& loops)
      : operands_(operands),
        plan_(operands.plan),
        terms_(operands.terms),
        loops_(loops),
        log_sum_exp_(static_cast<std::size_t>(plan_.heads)) {}

  // Computes the weights of a query, which must live until the next.
  void attend(const AttentionQuery& query) {
    query_ = &query;
    count_ = static_cast<std::int64_t>(query.places.size());
    stride_ = count_ + 1;  // a sink comes last
    std::fill(log_sum_exp_.begin(), log_sum_exp_.end(), -std::numeric_limits<T>::infinity());
    if (count_ == 0) {
      return;
    }
    for (std::vector<T>* array : {&raw_, &scores_, &weights_, &mixed_, &kept_, &factors_}) {
      array->resize(static_cast<std::size_t>(plan_.heads * stride_));
    }
    for (int h = 0; h < plan_.heads; ++h) {
      compute_raw_scores(h);
    }
    scores_ = raw_;
    if (terms_.mix_scores.data != nullptr) {
      mix(terms_.mix_scores, raw_, scores_);
    }
    draw_noise();
    for (int h = 0; h < plan_.heads; ++h) {
      if (plan_.soft_cap > 0) {
        loops_.soft_cap(static_cast<T>(plan_.soft_cap), count_, at(scores_, h));
      }
      normalize(h);
    }
    if (terms_.mix_weights.data != nullptr) {
      mix(terms_.mix_weights, weights_, mixed_);
    }
    drop_weights();
  }

  // out: [heads · value_size].
  void write_out(T* out) {
    const std::int64_t size = operands_.sizes.value_size;
    std::fill_n(out, plan_.heads * size, T{0});
    for (int h = 0; h < plan_.heads && count_ > 0; ++h) {
      loops_.add_rows(at(kept_, h), seen(operands_.v, operands_.key_head(h), size), size,
                      out + h * size);
      if (terms_.value_vectors.data != nullptr) {
        const auto vectors = by_distance(terms_.value_vectors, operands_.value_table, h);
        loops_.add_rows(sums_by_distance(operands_.value_table, at(kept_, h)), vectors, size,
                        out + h * size);
      }
    }
  }
  // weights: [keys of the sequence], before dropout.
  void write_weights(int head, std::int64_t keys, T* weights) {
    std::fill_n(weights, keys, T{0});
    for (std::int64_t n = 0; n < count_; ++n) {
      weights[query_->places[static_cast<std::size_t>(n)]] = at(final_weights(), head)[n];
    }
  }
  // -inf when the query sees nothing; only with the softmax.
  T log_sum_exp(int head) const { return log_sum_exp_[static_cast<std::size_t>(head)]; }

 protected:
  // ---- Arrays of one number per head and seen key.

  T* at(std::vector<T>& array, int head) const { return array.data() + head * stride_; }
  std::vector<T>& final_weights() { return terms_.mix_weights.data != nullptr ? mixed_ : weights_; }
  bool has_sink() const { return terms_.sinks.data != nullptr; }
  std::int64_t count_with_sink() const { return count_ + (has_sink() ? 1 : 0); }

  // ---- Rows of operands.

  template <typename U>
  SeenRows<U> seen(const Matrix<U>& rows, int head, std::int64_t size) const {
    return {rows.data + head * size, rows.stride, query_->rows.data(), count_};
  }
  template <typename U>
  SeenRows<U> first_rows(const Matrix<U>& rows, std::int64_t begin, std::int64_t count) {
    const std::size_t before = ramp_.size();
    if (before < static_cast<std::size_t>(count)) {
      ramp_.resize(static_cast<std::size_t>(count));
      std::iota(ramp_.begin(), ramp_.end(), 0);
    }
    return {rows[begin], rows.stride, ramp_.data(), count};
  }
  // The column (or row) of a table of 2·reach+1 distances for seen key n.
  std::int64_t distance_column(std::int64_t reach, std::int64_t n) const {
    const std::int64_t distance = query_->places[static_cast<std::size_t>(n)] - query_->position;
    return std::clamp(distance, -reach, reach) + reach;
  }
  // The vectors from the nearest to the farthest distance that occurs: places rise.
  template <typename U>
  SeenRows<U> by_distance(const Matrix<U>& table, const DistanceTable& shape, int head) {
    const std::int64_t begin = distance_column(shape.reach, 0);
    const std::int64_t end = distance_column(shape.reach, count_ - 1) + 1;
    return first_rows(table, shape.first_row(head) + begin, end - begin);
  }
  // The sums of values[n] for each of these vectors.
  const T* sums_by_distance(const DistanceTable& shape, const T* values) {
    const std::int64_t begin = distance_column(shape.reach, 0);
    buffer_.assign(static_cast<std::size_t>(distance_column(shape.reach, count_ - 1) + 1 - begin),
                   T{0});
    for (std::int64_t n = 0; n < count_; ++n) {
      buffer_[static_cast<std::size_t>(distance_column(shape.reach, n) - begin)] += values[n];
    }
    return buffer_.data();
  }
  // values[n] += factor · (x · the vector of key n's distance).
  void add_products_by_distance(const T* x, const Matrix<const T>& table,
                                const DistanceTable& shape, int head, std::int64_t size, T factor,
                                T* values) {
    const std::int64_t begin = distance_column(shape.reach, 0);
    const SeenRows<const T> vectors = by_distance(table, shape, head);
    buffer_.resize(static_cast<std::size_t>(vectors.count));
    loops_.products(x, vectors, size, buffer_.data());
    for (std::int64_t n = 0; n < count_; ++n) {
      values[n] +=
          factor * buffer_[static_cast<std::size_t>(distance_column(shape.reach, n) - begin)];
    }
  }

  // ---- Scores.

  T scale() const { return static_cast<T>(plan_.scale); }
  const T* query(int head) const {
    return operands_.q[query_->row] + head * operands_.sizes.head_size;
  }
  SeenRows<const T> keys(int head) const {
    return seen(operands_.k, operands_.key_head(head), operands_.sizes.head_size);
  }

  void compute_raw_scores(int h) {
    T* raw = at(raw_, h);
    const std::int64_t size = operands_.sizes.head_size;
    switch (plan_.scorer) {
      case AttentionScorer::dot:
        loops_.products(query(h), keys(h), size, raw);
        break;
      case AttentionScorer::gaussian:
        loops_.distances(query(h), keys(h), size, raw);
        break;
      case AttentionScorer::additive:
        loops_.additive(terms_.additive[h], query(h), keys(h), size, raw);
        break;
    }
    if (plan_.scorer != AttentionScorer::additive) {
      multiply(scale(), raw);
    }
    if (terms_.contextual.data != nullptr) {
      add_contextual(h, raw);
    }
    if (terms_.distance_bias.data != nullptr) {
      const T* bias = terms_.distance_bias[h];
      const std::int64_t reach = distance_reach(terms_.distance_bias.columns);
      for (std::int64_t n = 0; n < count_; ++n) {
        raw[n] += bias[distance_column(reach, n)];
      }
    }
    if (terms_.table_bias.data != nullptr) {
      const T* bias = terms_.table_bias[h * operands_.table_queries + query_->table_row];
      for (std::int64_t n = 0; n < count_; ++n) {
        raw[n] += bias[query_->places[static_cast<std::size_t>(n)]];
      }
    }
    if (terms_.key_vectors.data != nullptr) {
      add_products_by_distance(query(h), terms_.key_vectors, operands_.key_table, h, size, scale(),
                               raw);
    }
  }
  void multiply(T factor, T* values) const {
    for (std::int64_t n = 0; n < count_; ++n) {
      values[n] *= factor;
    }
  }

  // Contextual positions (Golovneva et al., "Contextual position encoding", 2024): gates, the
  // positions that they add up to, and the interpolation between the vectors on both sides. Takes
  // the gates' scores from `raw` if the scorer is the dot product.
  void add_contextual(int h, T* raw) {
    for (std::vector<T>* array : {&gates_, &counts_}) {
      array->resize(static_cast<std::size_t>(plan_.heads * stride_));
    }
    T* gates = at(gates_, h);
    T* counts = at(counts_, h);
    const T* gate_scores = raw;
    if (plan_.scorer != AttentionScorer::dot) {
      loops_.products(query(h), keys(h), operands_.sizes.head_size, counts);
      multiply(scale(), counts);
      gate_scores = counts;
    }
    loops_.sigmoids(gate_scores, count_, gates);
    const T last = static_cast<T>(terms_.contextual.rows - 1);
    double sum = 0;  // in float32 a position far away would be rounded at every step
    for (std::int64_t n = count_ - 1; n >= 0; --n) {
      sum += static_cast<double>(gates[n]);
      counts[n] = sum < last ? static_cast<T>(sum) : last;
    }
    compute_position_products(h);
    for (std::int64_t n = 0; n < count_; ++n) {
      const Between between = interpolation(counts[n]);
      raw[n] += between.share_below * position_products_[between.below] +
                between.share_above * position_products_[between.above];
    }
  }
  // q · contextual[m] for all positions that a query's head reaches.
  void compute_position_products(int h) {
    const auto rows = first_rows(terms_.contextual, 0, reached_positions(h));
    position_products_.resize(static_cast<std::size_t>(rows.count));
    loops_.products(query(h), rows, operands_.sizes.head_size, position_products_.data());
  }
  std::int64_t reached_positions(int h) {
    return static_cast<std::int64_t>(interpolation(at(counts_, h)[0]).above) + 1;
  }
  struct Between {
    std::size_t below, above;
    T share_below, share_above;
  };
  Between interpolation(T position) const {
    const T floor = std::floor(position);
    const auto below = static_cast<std::size_t>(floor);
    const auto last = static_cast<std::size_t>(terms_.contextual.rows - 1);
    return {below, std::min(below + 1, last), 1 - (position - floor), position - floor};
  }

  // ---- Weights.

  // to[h] = Σ_g matrix[h, g] · from[g].
  void mix(const Matrix<const T>& matrix, std::vector<T>& from, std::vector<T>& to) const {
    for (int h = 0; h < plan_.heads; ++h) {
      std::fill_n(at(to, h), count_, T{0});
      for (int g = 0; g < plan_.heads; ++g) {
        loops_.add_scaled(matrix[h][g], at(from, g), count_, at(to, h));
      }
    }
  }

  void normalize(int h) {
    T* scores = at(scores_, h);
    T* weights = at(weights_, h);
    if (has_sink()) {
      scores[count_] = terms_.sinks[0][h];
    }
    std::copy_n(scores, count_with_sink(), weights);
    if (plan_.gumbel) {
      loops_.add_scaled(1, at(noise_, h), count_, weights);
    }
    switch (plan_.normalizer) {
      case AttentionNormalizer::softmax:
        log_sum_exp_[static_cast<std::size_t>(h)] = softmax(loops_, count_with_sink(), weights);
        break;
      case AttentionNormalizer::sparsemax:
        sparsemax(loops_, count_with_sink(), weights, buffer_);
        break;
      case AttentionNormalizer::hard:
        hard_maximum(count_with_sink(), weights);
        break;
    }
  }

  // Calls use(head, n, bits) for every head and seen key: eight heads share a block.
  template <typename Use>
  void draw(const DropoutStream& stream, Use&& use) const {
    const std::uint64_t row_key = stream.row_key(query_->row);
    for (int first = 0; first < plan_.heads; first += 8) {
      for (std::int64_t n = 0; n < count_; ++n) {
        const std::int64_t place = query_->places[static_cast<std::size_t>(n)];
        const PhiloxBlock block =
            stream.block(row_key, attention_dropout_column(plan_.heads, first, place));
        for (int h = first; h < std::min(first + 8, plan_.heads); ++h) {
          use(h, n, DropoutStream::bits(block, attention_dropout_column(plan_.heads, h, place)));
        }
      }
    }
  }
  // The noise of `hard`. A sink has none.
  void draw_noise() {
    if (plan_.gumbel) {
      noise_.resize(raw_.size());
      draw(plan_.gumbel_stream, [&](int h, std::int64_t n, std::uint32_t bits) {
        at(noise_, h)[n] = static_cast<T>(-std::log(-std::log((bits + 0.5) / 65536)));
      });
    }
  }
  // kept_ = weights · 1 / (probability of keeping), or 0 where dropped; the factors in factors_.
  void drop_weights() {
    kept_ = final_weights();
    if (plan_.dropout.active()) {
      const std::uint32_t threshold = plan_.dropout.threshold();
      const T factor = static_cast<T>(plan_.dropout.scale());
      draw(plan_.dropout, [&](int h, std::int64_t n, std::uint32_t bits) {
        at(factors_, h)[n] = bits >= threshold ? factor : T{0};
        at(kept_, h)[n] *= at(factors_, h)[n];
      });
    }
  }

  const AttentionOperands<T>& operands_;
  const AttentionPlan& plan_;
  const AttentionTerms<Matrix<const T>>& terms_;
  const Loops loops_;
  const AttentionQuery* query_ = nullptr;
  std::int64_t count_ = 0;            // of seen keys
  std::int64_t stride_ = 0;           // from head to head
  std::vector<T> raw_;                // with the terms, before mix_scores
  std::vector<T> scores_;             // as they enter the normalizer, the sink last
  std::vector<T> noise_;              // of the hard normalizer
  std::vector<T> weights_;            // after the normalizer, the sink last
  std::vector<T> mixed_;              // after mix_weights
  std::vector<T> factors_;            // of dropout
  std::vector<T> kept_;               // after dropout
  std::vector<T> gates_, counts_;     // of contextual positions
  std::vector<T> position_products_;  // of one head
  std::vector<T> log_sum_exp_;
  std::vector<T> buffer_;
  std::vector<std::int32_t> ramp_;  // 0, 1, 2, …
};

}  // namespace heed::common
