// Attention by its definition: sequence by sequence and query by query, so that every sum has one
// order. The mathematics of a query is in attention_row.h and attention_row_gradient.h.
#include "heed/kernels/attention.h"

#include "heed/backends/common/attention_row_gradient.h"
#include "heed/backends/reference/families.h"

namespace heed::reference {

namespace {

template <typename T>
void forward(const AttentionPlan& plan, const AttentionForward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const AttentionOperands<T> operands(plan, sizes, io.q, io.k, io.v, io.terms);
  const Matrix<T> out = matrix<T>(io.out);
  const Matrix<T> log_sum_exp = optional_matrix<T>(io.log_sum_exp);
  T* traced = optional_data<T>(io.weights);
  AttentionRow<AttentionLoops<T>> row(operands, AttentionLoops<T>(plan.precision));
  AttentionQuery query;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    for (std::int64_t i = 0; i < plan.queries(s); ++i) {
      query.look(plan, s, i);
      row.attend(query);
      row.write_out(out[query.row]);
      for (int h = 0; h < plan.heads; ++h) {
        if (log_sum_exp.data != nullptr && plan.normalizer == AttentionNormalizer::softmax) {
          log_sum_exp[query.row][h] = row.log_sum_exp(h);
        }
        if (traced != nullptr) {
          row.write_weights(h, plan.keys(s), traced + (h * plan.queries(s) + i) * plan.keys(s));
        }
      }
    }
    if (traced != nullptr) {
      traced += plan.heads * plan.queries(s) * plan.keys(s);
    }
  }
}

template <typename T>
void clear(const Matrix<T>& sums) {
  for (std::int64_t r = 0; sums.data != nullptr && r < sums.rows; ++r) {
    std::fill_n(sums[r], sums.columns, T{0});
  }
}

template <typename T>
void backward(const AttentionPlan& plan, const AttentionBackward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const AttentionOperands<T> operands(plan, sizes, io.q, io.k, io.v, io.terms);
  const Matrix<const T> dout = matrix<T>(io.dout);
  const AttentionSums<T> sums{matrix<T>(io.dq), matrix<T>(io.dk), matrix<T>(io.dv),
                              term_matrices<T>(io.dterms)};
  clear(sums.dq);
  clear(sums.dk);
  clear(sums.dv);
  visit_terms([](const char*, const Matrix<T>& term) { clear(term); }, sums.terms);
  AttentionRowGradient<AttentionLoops<T>> row(operands, AttentionLoops<T>(plan.precision));
  AttentionQuery query;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    for (std::int64_t i = 0; i < plan.queries(s); ++i) {
      query.look(plan, s, i);
      row.attend(query);
      row.add_gradients(dout[query.row], sums);
    }
  }
}

template <typename T>
void cached(const CachedAttention& io) {
  const AttentionSizes sizes = check_attention(io);
  const AttentionOperands<T> operands(io.plan, sizes, io.q, io.keys, io.values, io.terms);
  const Matrix<T> out = matrix<T>(io.out);
  AttentionRow<AttentionLoops<T>> row(operands, AttentionLoops<T>(io.plan.precision));
  AttentionQuery query;
  for (std::int64_t r = 0; r < sizes.queries; ++r) {
    query.look(io, r);
    row.attend(query);
    row.write_out(out[r]);
  }
}

void attention_forward(ExecutionContext&, const AttentionPlan& plan, const AttentionForward& io) {
  for_floating_type("attention", io.q.dtype, [&]<typename T>(T) { forward<T>(plan, io); });
}

void attention_backward(ExecutionContext&, const AttentionPlan& plan, const AttentionBackward& io) {
  for_floating_type("attention", io.q.dtype, [&]<typename T>(T) { backward<T>(plan, io); });
}

void cached_attention(ExecutionContext&, const CachedAttention& io) {
  for_floating_type("attention", io.q.dtype, [&]<typename T>(T) { cached<T>(io); });
}

}  // namespace

void register_attention() {
  heed::attention_forward.fill(DeviceKind::reference, &attention_forward);
  heed::attention_backward.fill(DeviceKind::reference, &attention_backward);
  heed::cached_attention.fill(DeviceKind::reference, &cached_attention);
}

}  // namespace heed::reference
