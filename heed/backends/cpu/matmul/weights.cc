#include "heed/backends/cpu/matmul/weights.h"

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
  if (b.transposed && b.rounded != nullptr) {
    pack_panels_transposed(RoundedSource{b.rounded + row * b.stride + begin, b.stride,
                                         std::min(rows, b.n - row), size},
                           depth, type_, packed + row * depth * element);
  } else if (b.transposed) {
    pack_panels_transposed(
        PackSource{b.data + row * b.stride + begin, b.stride, std::min(rows, b.n - row), size},
        depth, type_, packed + row * depth * element);
  } else if (row < depth && b.rounded != nullptr) {
    pack_panels(RoundedSource{b.rounded + (begin + row) * b.stride, b.stride,
                              std::clamp(size - row, std::int64_t{0}, rows), b.n},
                std::min(rows, depth - row), depth, type_, packed + row * panel_columns * element);
  } else if (row < depth) {
    pack_panels(PackSource{b.data + (begin + row) * b.stride, b.stride,
                           std::clamp(size - row, std::int64_t{0}, rows), b.n},
                std::min(rows, depth - row), depth, type_, packed + row * panel_columns * element);
  }
}

namespace {

// Never destroyed: products may run while static objects go.
PackedCache<PackedRight>& weight_cache() {
  static auto* instance = new PackedCache<PackedRight>;
  return *instance;
}

PackedKey key_of(const RightOperand& b, const DepthPlan& plan, PackedType type) {
  const void* data = b.rounded != nullptr ? static_cast<const void*>(b.rounded) : b.data;
  return {data, b.stride, b.n, plan.depth, plan.chunk, b.transposed, type};
}

}  // namespace

std::shared_ptr<const PackedRight> packed_weights(ExecutionContext& context, const RightOperand& b,
                                                  const DepthPlan& plan, PackedType type,
                                                  int patience) {
  return weight_cache().fetch(
      key_of(b, plan, type), b.stamp,
      [&] { return std::make_shared<const PackedRight>(context, b, plan, 0, plan.count, type); },
      patience);
}

bool worth_packing(const RightOperand& b, const DepthPlan& plan, PackedType type, int patience) {
  return weight_cache().worth_making(key_of(b, plan, type), b.stamp, patience);
}

PackedWeightStatistics packed_weight_statistics() {
  return weight_cache().statistics();
}

}  // namespace heed::cpu
