#include "heed/backends/cpu/attention/general.h"

#include <memory>
#include <vector>

#include "heed/backends/common/attention_row_gradient.h"
#include "heed/backends/cpu/attention/general_loops.h"
#include "heed/backends/cpu/tiles.h"

namespace heed::cpu {

namespace {

using common::AttentionQuery;
using common::AttentionRow;
using common::AttentionRowGradient;
using common::Matrix;
using common::matrix;
using common::optional_matrix;
using Operands = common::AttentionOperands<float>;
using Sums = common::AttentionSums<float>;

// Queries query_begin … query_end-1 of a sequence. In the backward pass block b sums its dk and dv
// apart from the other blocks of its sequence.
struct QueryPiece {
  std::size_t sequence = 0;
  std::int64_t query_begin = 0, query_end = 0;
  std::int64_t block = 0;
};

// Pieces in their order; task t runs pieces task_begin[t] … task_begin[t + 1]-1.
struct GeneralWork {
  std::vector<QueryPiece> pieces;
  std::vector<std::size_t> task_begin{0};
};

std::int64_t pair_cost(const AttentionPlan& plan, const AttentionSizes& sizes) {
  return plan.heads * (sizes.head_size + sizes.value_size);
}

constexpr std::int64_t least_task_cost = 1 << 18;
constexpr std::int64_t backward_block_cost = 1 << 22;
constexpr std::int64_t most_backward_blocks = 4;

// Blocks of the backward pass by the size of the sequence alone: its dk and dv have the same bits
// in every batch.
std::int64_t backward_blocks(const AttentionPlan& plan, const AttentionSizes& sizes,
                             std::size_t s) {
  const std::int64_t cost = plan.queries(s) * plan.keys(s) * pair_cost(plan, sizes);
  return std::clamp<std::int64_t>(std::min(cost / backward_block_cost, plan.queries(s)), 1,
                                  most_backward_blocks);
}

// Cuts queries into pieces, `blocks(s)` for each sequence, and these into tasks of at least
// `task_cost`.
template <typename Blocks>
GeneralWork cut_queries(const AttentionPlan& plan, const AttentionSizes& sizes,
                        std::int64_t task_cost, const Blocks& blocks) {
  GeneralWork work;
  std::int64_t cost = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    const std::int64_t count = blocks(s);
    const std::int64_t queries = plan.queries(s);
    for (std::int64_t b = 0; b < count; ++b) {
      const QueryPiece piece{s, queries * b / count, queries * (b + 1) / count, b};
      work.pieces.push_back(piece);
      cost +=
          (piece.query_end - piece.query_begin + 1) * (plan.keys(s) + 1) * pair_cost(plan, sizes);
      if (cost >= task_cost) {
        work.task_begin.push_back(work.pieces.size());
        cost = 0;
      }
    }
  }
  if (work.task_begin.back() < work.pieces.size()) {
    work.task_begin.push_back(work.pieces.size());
  }
  return work;
}

template <typename RunTask>
void run_tasks(ExecutionContext& context, std::int64_t tasks, const RunTask& run_task) {
  if (tasks <= 1 || context.pool == nullptr) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      run_task(task);
    }
  } else {
    context.pool->run(tasks, run_task);
  }
}

void forward_piece(const Operands& operands, const AttentionForward& io, const QueryPiece& piece,
                   float* traced, AttentionRow<AttentionVectorLoops>& row) {
  const AttentionPlan& plan = operands.plan;
  const Rows out = rows_of(io.out);
  const Rows log_sum_exp = rows_of(io.log_sum_exp);
  const std::int64_t queries = plan.queries(piece.sequence);
  const std::int64_t keys = plan.keys(piece.sequence);
  AttentionQuery query;
  for (std::int64_t i = piece.query_begin; i < piece.query_end; ++i) {
    query.look(plan, piece.sequence, i);
    row.attend(query);
    row.write_out(out[query.row]);
    for (int h = 0; h < plan.heads; ++h) {
      if (log_sum_exp.defined() && plan.normalizer == AttentionNormalizer::softmax) {
        log_sum_exp[query.row][h] = row.log_sum_exp(h);
      }
      if (traced != nullptr) {
        row.write_weights(h, keys, traced + (h * queries + i) * keys);
      }
    }
  }
}

void clear_rows(const Rows& rows, std::int64_t begin, std::int64_t end, std::int64_t columns) {
  for (std::int64_t r = begin; r < end; ++r) {
    std::fill_n(rows[r], columns, 0.0f);
  }
}

// The sums of a backward pass. Blocks and tasks beyond the first have memory of their own, which
// is added up in order at the end.
class BackwardSums {
 public:
  BackwardSums(const AttentionPlan& plan, const AttentionSizes& sizes, const AttentionBackward& io)
      : plan_(plan),
        sizes_(sizes),
        dk_(matrix<float>(io.dk)),
        dv_(matrix<float>(io.dv)),
        dq_(matrix<float>(io.dq)),
        dterms_(common::term_matrices<float>(io.dterms)) {
    visit_terms(
        [&](const char*, const Matrix<float>& term) {
          if (term.data != nullptr) {
            term_size_ += term.rows * term.columns;
            clear_rows({term.data, term.stride}, 0, term.rows, term.columns);
          }
        },
        dterms_);
  }

  bool has_terms() const { return term_size_ > 0; }

  void allocate(std::int64_t tasks) {
    std::int64_t blocks = 1;
    for (std::size_t s = 0; s + 1 < plan_.query_offsets.size(); ++s) {
      blocks = std::max(blocks, backward_blocks(plan_, sizes_, s));
    }
    block_size_ = sizes_.keys * (dk_.columns + dv_.columns);
    block_memory_ = std::make_unique_for_overwrite<float[]>(
        static_cast<std::size_t>((blocks - 1) * block_size_));
    task_memory_ = std::make_unique<float[]>(
        static_cast<std::size_t>(std::max<std::int64_t>(0, tasks - 1) * term_size_));
  }

  // Where a task sums the terms and a block its dk and dv.
  Sums at(std::int64_t task, std::int64_t block) const {
    Sums sums{dq_, dk_, dv_, dterms_};
    if (block > 0) {
      float* memory = block_memory_.get() + (block - 1) * block_size_;
      sums.dk = {memory, dk_.rows, dk_.columns, dk_.columns};
      sums.dv = {memory + dk_.rows * dk_.columns, dv_.rows, dv_.columns, dv_.columns};
    }
    if (task > 0) {
      float* memory = task_memory_.get() + (task - 1) * term_size_;
      visit_terms(
          [&](const char*, Matrix<float>& term) {
            if (term.data != nullptr) {
              term = {memory, term.rows, term.columns, term.columns};
              memory += term.rows * term.columns;
            }
          },
          sums.terms);
    }
    return sums;
  }

  void add_up(ExecutionContext& context, std::int64_t tasks) const {
    for (std::size_t s = 0; s + 1 < plan_.query_offsets.size(); ++s) {
      for (std::int64_t block = 1; block < backward_blocks(plan_, sizes_, s); ++block) {
        const Sums part = at(0, block);
        add_rows(context, part.dk, dk_, plan_.key_offsets[s], plan_.key_offsets[s + 1]);
        add_rows(context, part.dv, dv_, plan_.key_offsets[s], plan_.key_offsets[s + 1]);
      }
    }
    for (std::int64_t task = 1; has_terms() && task < tasks; ++task) {
      visit_terms(
          [&](const char*, const Matrix<float>& part, const Matrix<float>& sum) {
            if (sum.data != nullptr) {
              add_rows(context, part, sum, 0, sum.rows);
            }
          },
          at(task, 0).terms, dterms_);
    }
  }

 private:
  static void add_rows(ExecutionContext& context, const Matrix<float>& part,
                       const Matrix<float>& sum, std::int64_t begin, std::int64_t end) {
    run_rows(context, end - begin, sum.columns, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = begin + first; r < begin + last; ++r) {
        AttentionVectorLoops().add_scaled(1, part[r], sum.columns, sum[r]);
      }
    });
  }

  const AttentionPlan& plan_;
  const AttentionSizes sizes_;
  const Matrix<float> dk_, dv_, dq_;
  const AttentionTerms<Matrix<float>> dterms_;
  std::int64_t term_size_ = 0;
  std::int64_t block_size_ = 0;
  std::unique_ptr<float[]> block_memory_, task_memory_;
};

void backward_piece(const Operands& operands, const Matrix<const float>& dout,
                    const QueryPiece& piece, const Sums& sums,
                    AttentionRowGradient<AttentionVectorLoops>& row) {
  const AttentionPlan& plan = operands.plan;
  for (const Matrix<float>& keys : {sums.dk, sums.dv}) {
    clear_rows({keys.data, keys.stride}, plan.key_offsets[piece.sequence],
               plan.key_offsets[piece.sequence + 1], keys.columns);
  }
  AttentionQuery query;
  for (std::int64_t i = piece.query_begin; i < piece.query_end; ++i) {
    query.look(plan, piece.sequence, i);
    std::fill_n(sums.dq[query.row], sums.dq.columns, 0.0f);
    row.attend(query);
    row.add_gradients(dout[query.row], sums);
  }
}

}  // namespace

void general_attention_forward(ExecutionContext& context, const AttentionPlan& plan,
                               const AttentionForward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const Operands operands(plan, sizes, io.q, io.k, io.v, io.terms);
  constexpr std::int64_t piece_queries = 16;
  const GeneralWork work = cut_queries(plan, sizes, least_task_cost, [&](std::size_t s) {
    return (plan.queries(s) + piece_queries - 1) / piece_queries;
  });
  std::vector<float*> traced(static_cast<std::size_t>(sizes.sequences));
  float* weights = io.weights.defined() ? io.weights.as<float>() : nullptr;
  for (std::size_t s = 0; weights != nullptr && s < traced.size(); ++s) {
    traced[s] = weights;
    weights += plan.heads * plan.queries(s) * plan.keys(s);
  }
  run_tasks(context, static_cast<std::int64_t>(work.task_begin.size()) - 1, [&](std::int64_t t) {
    const auto task = static_cast<std::size_t>(t);
    AttentionRow<AttentionVectorLoops> row(operands, {});
    for (std::size_t p = work.task_begin[task]; p < work.task_begin[task + 1]; ++p) {
      forward_piece(operands, io, work.pieces[p], traced[work.pieces[p].sequence], row);
    }
  });
}

void general_attention_backward(ExecutionContext& context, const AttentionPlan& plan,
                                const AttentionBackward& io) {
  const AttentionSizes sizes = check_attention(plan, io);
  const Operands operands(plan, sizes, io.q, io.k, io.v, io.terms);
  const Matrix<const float> dout = matrix<float>(io.dout);
  BackwardSums sums(plan, sizes, io);
  std::int64_t cost = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    cost += plan.queries(s) * plan.keys(s) * pair_cost(plan, sizes);
  }
  // Each task sums the terms in memory of its own: few tasks then.
  constexpr std::int64_t most_tasks_with_terms = 16;
  const std::int64_t task_cost =
      std::max(least_task_cost, sums.has_terms() ? cost / most_tasks_with_terms : 0);
  const GeneralWork work = cut_queries(
      plan, sizes, task_cost, [&](std::size_t s) { return backward_blocks(plan, sizes, s); });
  const auto tasks = static_cast<std::int64_t>(work.task_begin.size()) - 1;
  sums.allocate(tasks);
  run_tasks(context, tasks, [&](std::int64_t t) {
    const auto task = static_cast<std::size_t>(t);
    AttentionRowGradient<AttentionVectorLoops> row(operands, {});
    for (std::size_t p = work.task_begin[task]; p < work.task_begin[task + 1]; ++p) {
      const QueryPiece& piece = work.pieces[p];
      backward_piece(operands, dout, piece, sums.at(t, piece.block), row);
    }
  });
  sums.add_up(context, tasks);
}

void general_cached_attention(ExecutionContext& context, const CachedAttention& io) {
  const AttentionSizes sizes = check_attention(io);
  const Operands operands(io.plan, sizes, io.q, io.keys, io.values, io.terms);
  const Rows out = rows_of(io.out);
  std::vector<std::int64_t> task_begin{0};
  std::int64_t cost = 0;
  for (std::int64_t row = 0; row < sizes.queries; ++row) {
    const auto r = static_cast<std::size_t>(row);
    cost += (io.end[r] - io.begin[r] + 1) * pair_cost(io.plan, sizes);
    if (cost >= least_task_cost || row + 1 == sizes.queries) {
      task_begin.push_back(row + 1);
      cost = 0;
    }
  }
  run_tasks(context, static_cast<std::int64_t>(task_begin.size()) - 1, [&](std::int64_t t) {
    const auto task = static_cast<std::size_t>(t);
    AttentionRow<AttentionVectorLoops> row(operands, {});
    AttentionQuery query;
    for (std::int64_t r = task_begin[task]; r < task_begin[task + 1]; ++r) {
      query.look(io, r);
      row.attend(query);
      row.write_out(out[r]);
    }
  });
}

}  // namespace heed::cpu
