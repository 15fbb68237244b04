#include "heed/backends/cpu/attention/work.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace heed::cpu {

namespace {

// A task is long enough (tens of microseconds) to be worth handing out.
constexpr std::int64_t task_products = 1 << 20;
// What an item costs besides its products, in products.
constexpr std::int64_t item_products = 1 << 12;

// Heads that one item takes. They share dropout masks by eight, and small sequences have too little
// work for an item per head. A multiple of `unit`.
int heads_per_item(const AttentionPlan& plan, int unit, std::int64_t queries, std::int64_t keys) {
  const bool small = queries <= attention_tile && keys <= attention_tile;
  if (!plan.dropout.active() && !small) {
    return unit;
  }
  return std::max(unit, 8 / unit * unit);
}

struct CostedItem {
  AttentionItem item;
  std::int64_t products;
};

// Groups items into tasks of at least `least` products. A task ends early where apart(last, next).
template <typename Apart>
AttentionWork cut_into_tasks(const std::vector<CostedItem>& items, std::int64_t least,
                             Apart apart) {
  AttentionWork work;
  work.task_begin.push_back(0);
  std::int64_t products = 0;
  for (const CostedItem& next : items) {
    const auto count = static_cast<std::int32_t>(work.items.size());
    if (work.task_begin.back() != count &&
        (products >= least || apart(work.items.back(), next.item))) {
      work.task_begin.push_back(count);
      products = 0;
    }
    work.items.push_back(next.item);
    work.items.back().task = static_cast<std::int32_t>(work.task_begin.size()) - 1;
    products += next.products + item_products;
  }
  if (!items.empty()) {
    work.task_begin.push_back(static_cast<std::int32_t>(items.size()));
  }
  return work;
}

bool never_apart(const AttentionItem&, const AttentionItem&) {
  return false;
}

// Tasks with a table of gradients of their own are at most about as many.
constexpr std::int64_t most_tables = 64;

// Each task sums a part of the gradient of table_bias: of some heads and some keys, which are
// shared out. Only if the table is small, the sequences are shared out too.
AttentionWork cut_by_table(std::vector<CostedItem> items, std::int64_t products,
                           std::int64_t table_size) {
  const auto apart = [](const AttentionItem& a, const AttentionItem& b) {
    return a.head_begin != b.head_begin || a.part != b.part;
  };
  std::stable_sort(items.begin(), items.end(), [](const CostedItem& a, const CostedItem& b) {
    return a.item.head_begin != b.item.head_begin ? a.item.head_begin < b.item.head_begin
                                                  : a.item.part < b.item.part;
  });
  std::int64_t parts = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    parts += i == 0 || apart(items[i - 1].item, items[i].item);
  }
  constexpr std::int64_t all_tables = 1 << 20;  // floats
  const std::int64_t tasks =
      std::min(most_tables, parts * (all_tables / std::max<std::int64_t>(1, table_size)));
  return cut_into_tasks(
      items, tasks == 0 ? products + 1 : std::max(task_products, products / tasks), apart);
}

// Visits (sequence, its queries, its keys).
template <typename Visit>
void for_each_sequence(const AttentionPlan& plan, Visit visit) {
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    visit(static_cast<std::int32_t>(s),
          std::int64_t{plan.query_offsets[s + 1]} - plan.query_offsets[s],
          std::int64_t{plan.key_offsets[s + 1]} - plan.key_offsets[s]);
  }
}

// Of a span of keys, those that some of the queries may see. Causality alone is not counted.
std::int64_t cost_keys(const AttentionPlan& plan, std::int32_t sequence, Span queries, Span keys) {
  if (!plan.masks_beyond_causal()) {
    return keys.size();
  }
  const Span seen = seen_keys(plan, static_cast<std::size_t>(sequence), queries);
  return std::max<std::int64_t>(0, std::min(seen.end, keys.end) - std::max(seen.begin, keys.begin));
}

}  // namespace

AttentionWork forward_work(const AttentionPlan& plan, const AttentionSizes& sizes) {
  std::vector<CostedItem> items;
  for_each_sequence(plan, [&](std::int32_t s, std::int64_t queries, std::int64_t keys) {
    const int step = heads_per_item(plan, 1, queries, keys);
    const std::int64_t piece = attention_piece(queries, attention_lanes);
    for (int head = 0; head < plan.heads; head += step) {
      const int end = std::min(plan.heads, head + step);
      for (std::int64_t query = 0; query < queries; query += piece) {
        const Span span{query, std::min(query + piece, queries)};
        items.push_back({{s, head, end, static_cast<std::int32_t>(query / piece)},
                         (end - head) * span.size() * cost_keys(plan, s, span, {0, keys}) *
                             (sizes.head_size + sizes.value_size)});
      }
    }
  });
  return cut_into_tasks(items, task_products, never_apart);
}

AttentionWork backward_work(const AttentionPlan& plan, const AttentionSizes& sizes,
                            const AttentionTerms<ConstView>& terms,
                            const AttentionTerms<View>& dterms) {
  std::vector<CostedItem> items;
  std::int64_t total = 0;
  for_each_sequence(plan, [&](std::int32_t s, std::int64_t queries, std::int64_t keys) {
    const int step = heads_per_item(plan, plan.heads / plan.key_heads, queries, keys);
    const BackwardParts parts(plan, terms.contextual.defined(), static_cast<std::size_t>(s));
    const std::int64_t piece = attention_piece(queries, attention_lanes);
    for (std::int64_t part = 0; part < parts.count(); ++part) {
      const Span own = parts.queries(part);
      std::int64_t pairs = 0;
      for (std::int64_t query = own.begin; query < own.end; query += piece) {
        const Span block{query, std::min(query + piece, own.end)};
        pairs += block.size() * cost_keys(plan, s, block, parts.keys(part));
      }
      const std::int64_t products = pairs * (3 * sizes.head_size + 2 * sizes.value_size);
      for (int head = 0; head < plan.heads; head += step) {
        const int end = std::min(plan.heads, head + step);
        items.push_back({{s, head, end, static_cast<std::int32_t>(part)}, (end - head) * products});
        total += items.back().products;
      }
    }
  });
  if (dterms.table_bias.defined()) {
    return cut_by_table(std::move(items), total, dterms.table_bias.element_count());
  }
  bool gradients = false;
  visit_terms([&](const char*, const View& term) { gradients |= term.defined(); }, dterms);
  return cut_into_tasks(
      items, gradients ? std::max(task_products, total / most_tables) : task_products, never_apart);
}

TermRows::TermRows(const AttentionPlan& plan, const AttentionTerms<ConstView>& terms)
    : distance_bias(rows_of(terms.distance_bias)) {
  if (distance_bias.defined()) {
    bias_reach = distance_reach(terms.distance_bias.columns());
  }
  if (terms.table_bias.defined()) {
    table_bias = terms.table_bias.as<float>();
    table_head_stride = terms.table_bias.strides[0];
    table_query_stride = terms.table_bias.strides[1];
  }
  const auto vectors = [&](const ConstView& view) {
    DistanceVectors result{rows_of(view)};
    if (view.defined()) {
      result.reach = vectors_reach(view, plan.heads);
      result.head_rows = vectors_per_head(view) ? 2 * result.reach + 1 : 0;
    }
    return result;
  };
  key_vectors = vectors(terms.key_vectors);
  value_vectors = vectors(terms.value_vectors);
  if (terms.sinks.defined()) {
    sinks = terms.sinks.as<float>();
  }
  if (terms.contextual.defined()) {
    contextual = rows_of(terms.contextual);
    contextual_positions = terms.contextual.rows();
  }
}

BackwardParts::BackwardParts(const AttentionPlan& plan, bool contextual, std::size_t sequence)
    : contextual_(contextual), queries_(plan.queries(sequence)), keys_(plan.keys(sequence)) {
  constexpr std::int64_t shortest = 512;
  constexpr std::int64_t most = 4;
  const std::int64_t length = contextual ? queries_ : keys_;
  size_ = length;
  if (length > shortest) {
    const std::int64_t wanted = std::min(most, (length + shortest - 1) / shortest);
    const std::int64_t piece = attention_piece(length, contextual ? attention_lanes : 1);
    size_ = ((length + wanted - 1) / wanted + piece - 1) / piece * piece;
    count_ = (length + size_ - 1) / size_;
  }
}

float* attention_scratch(std::size_t floats) {
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<float, Free> memory;
  thread_local std::size_t size = 0;
  if (size < floats) {
    const std::size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
    memory.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    size = memory == nullptr ? 0 : floats;
    if (memory == nullptr) {
      throw std::bad_alloc();
    }
  }
  return memory.get();
}

}  // namespace heed::cpu
