#include "heed/backends/cpu/attention_work.h"

#include <cstdlib>
#include <memory>
#include <new>

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

// Groups items into tasks as they come.
class TaskCutter {
 public:
  explicit TaskCutter(AttentionWork& work) : work_(work) { work_.task_begin.push_back(0); }
  void add(const AttentionItem& item, std::int64_t products) {
    work_.items.push_back(item);
    products_ += products + item_products;
    if (products_ >= task_products) {
      close();
    }
  }
  void close() {
    products_ = 0;
    const auto end = static_cast<std::int32_t>(work_.items.size());
    if (work_.task_begin.back() != end) {
      work_.task_begin.push_back(end);
    }
  }

 private:
  AttentionWork& work_;
  std::int64_t products_ = 0;
};

// Visits (sequence, its queries, its keys).
template <typename Visit>
void for_each_sequence(const AttentionPlan& plan, Visit visit) {
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    visit(static_cast<std::int32_t>(s),
          std::int64_t{plan.query_offsets[s + 1]} - plan.query_offsets[s],
          std::int64_t{plan.key_offsets[s + 1]} - plan.key_offsets[s]);
  }
}

}  // namespace

AttentionWork forward_work(const AttentionPlan& plan, const AttentionSizes& sizes) {
  AttentionWork work;
  TaskCutter tasks(work);
  for_each_sequence(plan, [&](std::int32_t s, std::int64_t queries, std::int64_t keys) {
    const int step = heads_per_item(plan, 1, queries, keys);
    const std::int64_t piece = attention_piece(queries, attention_lanes);
    for (int head = 0; head < plan.heads; head += step) {
      const int end = std::min(plan.heads, head + step);
      for (std::int64_t query = 0; query < queries; query += piece) {
        tasks.add({s, head, end, static_cast<std::int32_t>(query / piece)},
                  (end - head) * std::min(piece, queries - query) * keys *
                      (sizes.head_size + sizes.value_size));
      }
    }
  });
  tasks.close();
  return work;
}

AttentionWork backward_work(const AttentionPlan& plan, const AttentionSizes& sizes) {
  AttentionWork work;
  TaskCutter tasks(work);
  for_each_sequence(plan, [&](std::int32_t s, std::int64_t queries, std::int64_t keys) {
    const int step = heads_per_item(plan, plan.heads / plan.key_heads, queries, keys);
    const KeyChunks chunks = key_chunks(keys);
    for (std::int64_t chunk = 0; chunk < chunks.count; ++chunk) {
      for (int head = 0; head < plan.heads; head += step) {
        const int end = std::min(plan.heads, head + step);
        tasks.add(
            {s, head, end, static_cast<std::int32_t>(chunk)},
            (end - head) * queries * chunks.size * (3 * sizes.head_size + 2 * sizes.value_size));
      }
    }
  });
  tasks.close();
  return work;
}

KeyChunks key_chunks(std::int64_t keys) {
  constexpr std::int64_t shortest = 512;
  constexpr std::int64_t most = 4;
  if (keys <= shortest) {
    return {1, keys};
  }
  const std::int64_t count = std::min(most, (keys + shortest - 1) / shortest);
  const std::int64_t piece = attention_piece(keys, 1);
  const std::int64_t size = ((keys + count - 1) / count + piece - 1) / piece * piece;
  return {(keys + size - 1) / size, size};
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
