#include "heed/backends/cpu/matmul_weights.h"

#include <unistd.h>

#include <list>
#include <mutex>
#include <unordered_map>

namespace heed::cpu {

PackedRight::PackedRight(ExecutionContext& context, const RightOperand& b, const DepthPlan& plan,
                         std::int64_t first, std::int64_t last, PackedType type)
    : plan_(plan),
      first_(first),
      columns_(round_up(b.n, panel_columns)),
      type_(type),
      memory_(static_cast<std::size_t>(((last - first - 1) * plan.chunk + plan.padded(last - 1)) *
                                       columns_) *
              packed_size(type)) {
  // A task reads whole stored rows, in the order of memory.
  constexpr std::int64_t task_rows = 64;
  static_assert(task_rows % panel_columns == 0 && task_rows % depth_unit == 0);
  const std::int64_t tasks_per_chunk =
      ((b.transposed ? b.n : plan.chunk) + task_rows - 1) / task_rows;
  const auto pack = [&](std::int64_t task) {
    pack_rows_of(b, first + task / tasks_per_chunk, task % tasks_per_chunk * task_rows, task_rows);
  };
  const std::int64_t tasks = (last - first) * tasks_per_chunk;
  if (context.pool != nullptr) {
    context.pool->run(tasks, pack);
  } else {
    for (std::int64_t task = 0; task < tasks; ++task) {
      pack(task);
    }
  }
}

void PackedRight::pack_rows_of(const RightOperand& b, std::int64_t chunk, std::int64_t row,
                               std::int64_t rows) {
  const std::int64_t begin = plan_.begin(chunk);
  const std::int64_t size = plan_.size(chunk);
  const std::int64_t depth = plan_.padded(chunk);
  auto* packed = const_cast<std::byte*>(panels(chunk, 0));
  const auto element = static_cast<std::int64_t>(packed_size(type_));
  if (b.transposed) {
    pack_panels_transposed(
        {b.data + row * b.stride + begin, b.stride, std::min(rows, b.n - row), size}, depth, type_,
        packed + row * depth * element);
  } else if (row < depth) {
    pack_panels({b.data + (begin + row) * b.stride, b.stride,
                 std::clamp(size - row, std::int64_t{0}, rows), b.n},
                std::min(rows, depth - row), depth, type_, packed + row * panel_columns * element);
  }
}

namespace {

struct Key {
  const float* data;
  std::int64_t stride, n, k, chunk;
  bool transposed;
  PackedType type;
  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    auto hash = reinterpret_cast<std::uintptr_t>(key.data);
    for (const std::int64_t part :
         {key.stride, key.n, key.k, key.chunk, std::int64_t{key.transposed},
          static_cast<std::int64_t>(key.type)}) {
      hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    }
    return static_cast<std::size_t>(hash);
  }
};

class WeightCache {
 public:
  std::shared_ptr<const PackedRight> find(const Key& key, std::uint64_t stamp) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      ++statistics_.misses;
      return nullptr;
    }
    if (found->second.stamp != stamp) {
      // Given back before the new copy is made: its memory serves again.
      drop(found);
      ++statistics_.misses;
      return nullptr;
    }
    ++statistics_.hits;
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.packed;
  }

  void keep(const Key& key, std::uint64_t stamp, std::shared_ptr<const PackedRight> packed) {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      drop(found);
    }
    if (packed->bytes() > limit_) {
      return;
    }
    while (statistics_.bytes + packed->bytes() > limit_) {
      drop(entries_.find(order_.back()));
    }
    statistics_.bytes += packed->bytes();
    order_.push_front(key);
    entries_[key] = {stamp, std::move(packed), order_.begin()};
  }

  PackedWeightStatistics statistics() {
    std::lock_guard lock(mutex_);
    statistics_.entries = entries_.size();
    return statistics_;
  }

 private:
  struct Entry {
    std::uint64_t stamp;
    std::shared_ptr<const PackedRight> packed;
    std::list<Key>::iterator place;
  };
  using Entries = std::unordered_map<Key, Entry, KeyHash>;

  static std::uint64_t quarter_of_memory() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_size = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_size > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size) / 4
               : std::uint64_t{1} << 30;
  }

  void drop(Entries::iterator entry) {
    statistics_.bytes -= entry->second.packed->bytes();
    order_.erase(entry->second.place);
    entries_.erase(entry);
  }

  const std::uint64_t limit_ = quarter_of_memory();
  std::mutex mutex_;
  Entries entries_;
  std::list<Key> order_;
  PackedWeightStatistics statistics_;
};

// Never destroyed: products may run while static objects go.
WeightCache& weight_cache() {
  static auto* instance = new WeightCache;
  return *instance;
}

}  // namespace

std::shared_ptr<const PackedRight> packed_weights(ExecutionContext& context, const RightOperand& b,
                                                  const DepthPlan& plan, PackedType type) {
  const Key key{b.data, b.stride, b.n, plan.depth, plan.chunk, b.transposed, type};
  if (auto packed = weight_cache().find(key, b.stamp)) {
    return packed;
  }
  // Not under the cache's lock: the pool runs the packing.
  auto packed = std::make_shared<const PackedRight>(context, b, plan, 0, plan.count, type);
  weight_cache().keep(key, b.stamp, packed);
  return packed;
}

PackedWeightStatistics packed_weight_statistics() {
  return weight_cache().statistics();
}

}  // namespace heed::cpu
