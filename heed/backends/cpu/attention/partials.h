// Gradients of terms, which all sequences share: each task sums its own part, and the parts are
// added up in the order of the tasks, so that the result is the same at any number of threads.
#pragma once

#include <memory>
#include <vector>

#include "heed/backends/cpu/attention/work.h"

namespace heed::cpu {

// What one task sums of the gradient of a term: of some heads (or of a table for all), rows first …
// first + rows - 1, each without gaps.
struct PartialRows {
  float* data = nullptr;
  std::int64_t first = 0, rows = 0, columns = 0;
  std::int32_t head_begin = 0, heads = 0;
  bool per_head = true;

  bool wanted() const { return data != nullptr; }
  float* at(int head, std::int64_t row) const {
    return data + ((per_head ? (head - head_begin) * rows : 0) + row - first) * columns;
  }
  std::int64_t size() const { return (per_head ? heads : 1) * rows * columns; }
};

// Rows are clamped distances; in table_bias queries, in contextual positions, in sinks there is
// one.
struct TaskGradients {
  PartialRows distance_bias, table_bias, key_vectors, value_vectors, sinks, contextual;
  std::int64_t first_key = 0;  // column 0 of table_bias
};

class PartialGradients {
 public:
  // Zeros for each task of the work.
  PartialGradients(const AttentionPlan& plan, const AttentionWork& work, const TermRows& terms,
                   const AttentionTerms<View>& dterms);
  // Of each task; null when no gradient of a term is wanted.
  const TaskGradients* tasks() const { return tasks_.empty() ? nullptr : tasks_.data(); }
  // Replaces dterms by the sums.
  void add_up(ExecutionContext& context) const;

 private:
  // Where the first row of a part goes, and the distance of the next one.
  struct Place {
    float* to;
    std::int64_t stride;
  };
  template <typename PlaceOf>
  void add_up(ExecutionContext& context, PartialRows TaskGradients::*part, const View& sum,
              PlaceOf place_of) const;

  const int heads_;
  const TermRows& terms_;
  const AttentionTerms<View> dterms_;
  std::vector<TaskGradients> tasks_;
  std::unique_ptr<float[]> memory_;
};

}  // namespace heed::cpu
