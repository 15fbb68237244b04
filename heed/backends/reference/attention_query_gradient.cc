// The gradients of one query: the steps of attend() in reverse order, each by its own derivative.
#include <cmath>

#include "heed/backends/reference/attention_normalizer.h"
#include "heed/backends/reference/attention_pair.h"

namespace heed::reference {

namespace {

// For to[h] = Σ_g matrix[h, g] · from[g]: dmatrix[h, g] += Σ dto[h] ⊙ from[g]; returns dfrom.
ByHead unmix(const Numbers& matrix, const ByHead& from, const ByHead& dto, Numbers& dmatrix) {
  ByHead dfrom(dto.size(), std::vector<double>(dto[0].size()));
  for (std::size_t h = 0; h < dto.size(); ++h) {
    for (std::size_t g = 0; g < dto.size(); ++g) {
      const auto row = static_cast<std::int64_t>(h);
      const auto column = static_cast<std::int64_t>(g);
      for (std::size_t n = 0; n < dto[h].size(); ++n) {
        dmatrix(row, column) += dto[h][n] * from[g][n];
        dfrom[g][n] += matrix(row, column) * dto[h][n];
      }
    }
  }
  return dfrom;
}

// With P the weights after dropout: dv_j += P_j dout, and dP_j = dout · (v_j + its vector).
ByHead differentiate_output(const AttentionNumbers& in, const QueryPlace& query,
                            const QueryAttention& attention, const double* dout,
                            AttentionNumbers& sums) {
  ByHead gradient(attention.mixed.size(), std::vector<double>(query.keys.size()));
  for (std::size_t h = 0; h < gradient.size(); ++h) {
    const double* of_head = dout + static_cast<std::int64_t>(h) * in.value_size;
    for (std::size_t n = 0; n < query.keys.size(); ++n) {
      const Pair pair{in, query, static_cast<int>(h), n};
      const double factor = attention.factors[h][n];
      for (std::int64_t c = 0; c < in.value_size; ++c) {
        const double share = factor * attention.mixed[h][n] * of_head[c];
        gradient[h][n] += factor * of_head[c] * pair.value(c);
        sums.v(pair.key().row, pair.v_column() + c) += share;
        if (in.terms.value_vectors.present()) {
          sums.terms.value_vectors(pair.value_vector(), c) += share;
        }
      }
    }
  }
  return gradient;
}

// From the gradients of the weights those of the scores before the soft cap.
ByHead differentiate_weights(const AttentionNumbers& in, const QueryPlace& query,
                             const QueryAttention& attention, const ByHead& gradient,
                             AttentionNumbers& sums) {
  ByHead result;
  for (std::size_t h = 0; h < gradient.size(); ++h) {
    std::vector<double> of_weights = gradient[h];
    of_weights.resize(attention.scores[h].size());  // a sink has no value
    const auto noise = noise_of(in, query, static_cast<int>(h), of_weights.size());
    std::vector<double> of_scores =
        normalizer_gradient(in.plan, attention.scores[h], noise, attention.weights[h], of_weights);
    if (in.terms.sinks.present()) {
      sums.terms.sinks(0, static_cast<std::int64_t>(h)) += of_scores.back();
      of_scores.pop_back();
    }
    for (std::size_t n = 0; in.plan.soft_cap > 0 && n < of_scores.size(); ++n) {
      const double t = attention.scores[h][n] / in.plan.soft_cap;
      of_scores[n] *= 1 - t * t;
    }
    result.push_back(std::move(of_scores));
  }
  return result;
}

// The gradients of biases and key vectors, from that of one raw score.
void differentiate_biases(const Pair& pair, double gradient, AttentionNumbers& sums) {
  const AttentionTerms<Numbers>& terms = pair.in.terms;
  if (terms.distance_bias.present()) {
    sums.terms.distance_bias(pair.head, pair.distance(terms.distance_bias.columns)) += gradient;
  }
  if (terms.table_bias.present()) {
    sums.terms.table_bias(pair.table_row(), pair.key().place) += gradient;
  }
  for (std::int64_t c = 0; terms.key_vectors.present() && c < pair.in.head_size; ++c) {
    const double scaled = pair.in.plan.scale * gradient;
    sums.q(pair.query.row, pair.q_column() + c) += scaled * terms.key_vectors(pair.key_vector(), c);
    sums.terms.key_vectors(pair.key_vector(), c) += scaled * pair.q(c);
  }
}

// From the gradient of scale · q·k.
void differentiate_dot_product(const Pair& pair, double gradient, AttentionNumbers& sums) {
  for (std::int64_t c = 0; c < pair.in.head_size; ++c) {
    const double scaled = pair.in.plan.scale * gradient;
    sums.q(pair.query.row, pair.q_column() + c) += scaled * pair.k(c);
    sums.k(pair.key().row, pair.k_column() + c) += scaled * pair.q(c);
  }
}

void differentiate_comparison(const Pair& pair, double gradient, AttentionNumbers& sums) {
  if (pair.in.plan.scorer == AttentionScorer::dot) {
    differentiate_dot_product(pair, gradient, sums);
    return;
  }
  for (std::int64_t c = 0; c < pair.in.head_size; ++c) {
    double& dq = sums.q(pair.query.row, pair.q_column() + c);
    double& dk = sums.k(pair.key().row, pair.k_column() + c);
    if (pair.in.plan.scorer == AttentionScorer::gaussian) {
      const double slope = pair.in.plan.scale * gradient * (pair.q(c) - pair.k(c));
      dq -= slope;
      dk += slope;
    } else {
      const double a = std::tanh(pair.q(c) + pair.k(c));
      const double slope = gradient * pair.in.terms.additive(pair.head, c) * (1 - a * a);
      dq += slope;
      dk += slope;
      sums.terms.additive(pair.head, c) += gradient * a;
    }
  }
}

// The term is (1 - e) L_f + e L_(f+1), with L_m = q·contextual[m], f = floor p and e = p - f. Its
// slope in p is L_(f+1) - L_f, unless p was cut off; gate t is part of p_j for every j <= t.
void differentiate_positions(const AttentionNumbers& in, const QueryPlace& query, int h,
                             const QueryAttention& attention, const std::vector<double>& gradient,
                             AttentionNumbers& sums) {
  const auto head = static_cast<std::size_t>(h);
  const std::int64_t positions = in.terms.contextual.rows;
  double of_gates = 0;  // the gradients of all p_j with j <= n
  for (std::size_t n = 0; n < gradient.size(); ++n) {
    const Pair pair{in, query, h, n};
    const double count = attention.counts[head][n];
    const Between between(count, positions);
    const std::pair<std::int64_t, double> shares[] = {{between.below, 1 - between.share},
                                                      {between.above, between.share}};
    for (const auto& [position, share] : shares) {
      for (std::int64_t c = 0; c < in.head_size; ++c) {
        sums.q(query.row, pair.q_column() + c) +=
            share * gradient[n] * in.terms.contextual(position, c);
        sums.terms.contextual(position, c) += share * gradient[n] * pair.q(c);
      }
    }
    if (count < static_cast<double>(positions - 1)) {
      of_gates +=
          gradient[n] * (pair.position_score(between.above) - pair.position_score(between.below));
    }
    const double gate = attention.gates[head][n];
    differentiate_dot_product(pair, of_gates * gate * (1 - gate), sums);
  }
}

}  // namespace

void add_gradients(const AttentionNumbers& in, const QueryPlace& query,
                   const QueryAttention& attention, const double* dout, AttentionNumbers& sums) {
  if (query.keys.empty()) {
    return;
  }
  ByHead gradient = differentiate_output(in, query, attention, dout, sums);
  if (in.terms.mix_weights.present()) {
    gradient = unmix(in.terms.mix_weights, attention.weights, gradient, sums.terms.mix_weights);
  }
  gradient = differentiate_weights(in, query, attention, gradient, sums);
  if (in.terms.mix_scores.present()) {
    gradient = unmix(in.terms.mix_scores, attention.raw, gradient, sums.terms.mix_scores);
  }
  for (int h = 0; h < in.plan.heads; ++h) {
    const std::vector<double>& of_head = gradient[static_cast<std::size_t>(h)];
    for (std::size_t n = 0; n < of_head.size(); ++n) {
      const Pair pair{in, query, h, n};
      differentiate_biases(pair, of_head[n], sums);
      differentiate_comparison(pair, of_head[n], sums);
    }
    if (in.terms.contextual.present()) {
      differentiate_positions(in, query, h, attention, of_head, sums);
    }
  }
}

}  // namespace heed::reference
