#include "heed/backends/cpu/attention/partials.h"

#include <algorithm>

namespace heed::cpu {

namespace {

// What the items of a task reach.
struct Extent {
  std::int32_t head_begin = 0, head_end = 0;
  std::int64_t lowest = 0, highest = 0;  // distances
  Span keys;

  static Extent of(const AttentionPlan& plan, bool contextual, const AttentionItem& item) {
    const auto s = static_cast<std::size_t>(item.sequence);
    const BackwardParts parts(plan, contextual, s);
    const Span queries = parts.queries(item.part);
    const Span keys = parts.keys(item.part);
    const std::int64_t start = plan.query_start(s);
    const std::int64_t lowest = keys.begin - (start + queries.end - 1);
    const std::int64_t highest = keys.end - 1 - (start + queries.begin);
    return {item.head_begin, item.head_end, lowest, std::max(lowest, highest), keys};
  }
  void join(const Extent& other) {
    head_begin = std::min(head_begin, other.head_begin);
    head_end = std::max(head_end, other.head_end);
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
    keys = {std::min(keys.begin, other.keys.begin), std::max(keys.end, other.keys.end)};
  }

  PartialRows rows(std::int64_t first, std::int64_t count, std::int64_t columns) const {
    PartialRows part;
    part.first = first;
    part.rows = count;
    part.columns = columns;
    part.head_begin = head_begin;
    part.heads = head_end - head_begin;
    return part;
  }
  PartialRows distances(std::int64_t reach, std::int64_t columns) const {
    const std::int64_t first = std::clamp(lowest, -reach, reach);
    return rows(first, std::clamp(highest, -reach, reach) - first + 1, columns);
  }
};

// Adds rows × columns of `from`, which lie without gaps, to `to`.
void add_rows(const float* from, std::int64_t rows, std::int64_t columns, float* to,
              std::int64_t to_stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t c = 0; c < columns; ++c) {
      to[row * to_stride + c] += from[row * columns + c];
    }
  }
}

bool any_wanted(const AttentionTerms<View>& dterms) {
  bool any = false;
  visit_terms([&](const char*, const View& term) { any |= term.defined(); }, dterms);
  return any;
}

TaskGradients sizes_of(const Extent& extent, const TermRows& terms,
                       const AttentionTerms<View>& dterms) {
  TaskGradients task;
  const auto vectors = [&](const DistanceVectors& table, const View& wanted) {
    PartialRows rows = extent.distances(table.reach, wanted.columns());
    rows.per_head = table.head_rows > 0;
    return rows;
  };
  if (dterms.distance_bias.defined()) {
    task.distance_bias = extent.distances(terms.bias_reach, 1);
  }
  if (dterms.table_bias.defined()) {
    task.table_bias = extent.rows(0, dterms.table_bias.shape[1], extent.keys.size());
    task.first_key = extent.keys.begin;
  }
  if (dterms.key_vectors.defined()) {
    task.key_vectors = vectors(terms.key_vectors, dterms.key_vectors);
  }
  if (dterms.value_vectors.defined()) {
    task.value_vectors = vectors(terms.value_vectors, dterms.value_vectors);
  }
  if (dterms.sinks.defined()) {
    task.sinks = extent.rows(0, 1, 1);
  }
  if (dterms.contextual.defined()) {
    task.contextual = extent.rows(0, dterms.contextual.rows(), dterms.contextual.columns());
    task.contextual.per_head = false;
  }
  return task;
}

}  // namespace

PartialGradients::PartialGradients(const AttentionPlan& plan, const AttentionWork& work,
                                   const TermRows& terms, const AttentionTerms<View>& dterms)
    : heads_(plan.heads), terms_(terms), dterms_(dterms) {
  if (!any_wanted(dterms)) {
    return;
  }
  for (std::size_t t = 0; t + 1 < work.task_begin.size(); ++t) {
    const auto begin = static_cast<std::size_t>(work.task_begin[t]);
    const bool contextual = terms.contextual.defined();
    Extent extent = Extent::of(plan, contextual, work.items[begin]);
    for (std::size_t i = begin + 1; i < static_cast<std::size_t>(work.task_begin[t + 1]); ++i) {
      extent.join(Extent::of(plan, contextual, work.items[i]));
    }
    tasks_.push_back(sizes_of(extent, terms, dterms));
  }
  const auto for_each_part = [&](auto&& visit) {
    for (TaskGradients& task : tasks_) {
      for (PartialRows* part : {&task.distance_bias, &task.table_bias, &task.key_vectors,
                                &task.value_vectors, &task.sinks, &task.contextual}) {
        visit(*part);
      }
    }
  };
  std::int64_t size = 0;
  for_each_part([&](const PartialRows& part) { size += part.size(); });
  memory_ = std::make_unique<float[]>(static_cast<std::size_t>(size));
  std::int64_t used = 0;
  for_each_part([&](PartialRows& part) {
    part.data = part.size() == 0 ? nullptr : memory_.get() + used;
    used += part.size();
  });
}

template <typename PlaceOf>
void PartialGradients::add_up(ExecutionContext& context, PartialRows TaskGradients::*part,
                              const View& sum, PlaceOf place_of) const {
  if (!sum.defined()) {
    return;
  }
  for (std::int64_t row = 0; row < sum.rows(); ++row) {
    std::fill_n(sum.as<float>() + row * sum.row_stride(), sum.columns(), 0.0f);
  }
  std::int64_t elements = 0;
  for (const TaskGradients& task : tasks_) {
    elements += (task.*part).size();
  }
  run_tiles(context, heads_, elements, [&](std::int64_t h) {
    const int head = static_cast<int>(h);
    for (const TaskGradients& task : tasks_) {
      const PartialRows& rows = task.*part;
      const bool own = rows.per_head
                           ? rows.head_begin <= head && head < rows.head_begin + rows.heads
                           : head == 0;
      if (rows.wanted() && own) {
        const Place place = place_of(head, task);
        add_rows(rows.at(head, rows.first), rows.rows, rows.columns, place.to, place.stride);
      }
    }
  });
}

void PartialGradients::add_up(ExecutionContext& context) const {
  const AttentionTerms<View>& sums = dterms_;
  add_up(context, &TaskGradients::distance_bias, sums.distance_bias,
         [&](int head, const TaskGradients& task) {
           float* row = sums.distance_bias.as<float>() + head * sums.distance_bias.row_stride();
           return Place{row + task.distance_bias.first + terms_.bias_reach, 1};
         });
  add_up(
      context, &TaskGradients::table_bias, sums.table_bias,
      [&](int head, const TaskGradients& task) {
        const auto& strides = sums.table_bias.strides;
        return Place{sums.table_bias.as<float>() + head * strides[0] + task.first_key, strides[1]};
      });
  const auto add_up_vectors = [&](PartialRows TaskGradients::*part, const View& sum,
                                  const DistanceVectors& vectors) {
    add_up(context, part, sum, [&](int head, const TaskGradients& task) {
      const std::int64_t row = head * vectors.head_rows + (task.*part).first + vectors.reach;
      return Place{sum.as<float>() + row * sum.row_stride(), sum.row_stride()};
    });
  };
  add_up_vectors(&TaskGradients::key_vectors, sums.key_vectors, terms_.key_vectors);
  add_up_vectors(&TaskGradients::value_vectors, sums.value_vectors, terms_.value_vectors);
  add_up(context, &TaskGradients::sinks, sums.sinks, [&](int head, const TaskGradients&) {
    return Place{sums.sinks.as<float>() + head, 1};
  });
  add_up(context, &TaskGradients::contextual, sums.contextual, [&](int, const TaskGradients&) {
    return Place{sums.contextual.as<float>(), sums.contextual.row_stride()};
  });
}

}  // namespace heed::cpu
