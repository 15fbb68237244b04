#include "heed/backends/cpu/matmul/int8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "heed/backends/cpu/matmul/int8_rows.h"
#include "heed/backends/cpu/matmul/packed_cache.h"
#include "heed/backends/cpu/matmul/quantize.h"
#include "heed/backends/cpu/matmul/scratch.h"

namespace heed::cpu {

namespace {

// Of a block of words along depth in BA16a64b4a.
constexpr std::int64_t integer_depth_unit = 64;

// A stored weight [n, k] as column panels of integers.
class QuantizedWeight {
 public:
  QuantizedWeight(ExecutionContext& context, const RightOperand& b, std::int64_t k)
      : bytes_held_(tiles_take_bytes()),
        depth_(round_up(k, integer_depth_unit)),
        columns_(round_up(b.n, panel_columns)),
        scales_(static_cast<std::size_t>(columns_)),
        offsets_(static_cast<std::size_t>(columns_)),
        panels_(static_cast<std::size_t>(columns_ * depth_) * element()) {
    run_in_pool(context, columns_ / panel_columns,
                [&](std::int64_t panel) { pack(b, k, panel * panel_columns); });
  }

  std::int64_t depth() const { return depth_; }
  const std::byte* panels(std::int64_t column) const {
    return panels_.data() + static_cast<std::size_t>(column * depth_) * element();
  }
  const float* scales() const { return scales_.data(); }
  // What the offset of unsigned bytes adds to the sums of each column; null if they are floats.
  const std::int32_t* offsets() const { return bytes_held_ ? offsets_.data() : nullptr; }
  std::size_t bytes() const { return panels_.size() + 8 * scales_.size(); }

 private:
  std::size_t element() const { return bytes_held_ ? 1 : sizeof(float); }

  struct StoredRow {
    float scale;
    std::int32_t sum;
  };

  StoredRow round_row(const float* row, std::int64_t k, std::byte* to) const {
    const float greatest = greatest_magnitude(row, k);
    return {greatest / 127,
            quantize_row(row, k, depth_, quantizing_factor(greatest),
                         bytes_held_ ? IntegerType::signed_byte : IntegerType::float32, to)};
  }

  StoredRow copy_row(const std::int8_t* row, std::int64_t k, std::byte* to) const {
    StoredRow result{0, std::accumulate(row, row + k, std::int32_t{0})};
    std::memcpy(&result.scale, row + k, row_scale_bytes);
    if (bytes_held_) {
      std::memcpy(to, row, static_cast<std::size_t>(k));
      std::fill(to + k, to + depth_, std::byte{0});
    } else {
      float* const floats = reinterpret_cast<float*>(to);
      std::fill(std::copy(row, row + k, floats), floats + depth_, 0.0f);
    }
    return result;
  }

  void pack(const RightOperand& b, std::int64_t k, std::int64_t first) {
    const auto row_bytes = depth_ * static_cast<std::int64_t>(element());
    std::byte* rows = scratch(ScratchUse::row_block, panel_columns * row_bytes);
    for (std::int64_t r = 0; r < panel_columns; ++r) {
      const auto column = static_cast<std::size_t>(first + r);
      if (first + r >= b.n) {
        std::fill_n(rows + r * row_bytes, row_bytes, std::byte{0});
        continue;
      }
      const std::int64_t begin = (first + r) * b.stride;
      const StoredRow row = b.integers != nullptr
                                ? copy_row(b.integers + begin, k, rows + r * row_bytes)
                                : round_row(b.data + begin, k, rows + r * row_bytes);
      scales_[column] = row.scale;
      offsets_[column] = unsigned_offset * row.sum;
    }
    // A panel is a transposed matrix of words: four integers, or one float.
    const auto words = row_bytes / 4;
    const auto* from = reinterpret_cast<const std::uint32_t*>(rows);
    auto* to = reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(panels(first)));
    for (std::int64_t w = 0; w < words; ++w) {
      for (std::int64_t r = 0; r < panel_columns; ++r) {
        to[w * panel_columns + r] = from[r * words + w];
      }
    }
  }

  bool bytes_held_;
  std::int64_t depth_, columns_;
  std::vector<float> scales_;
  std::vector<std::int32_t> offsets_;
  Storage panels_;
};

std::shared_ptr<const QuantizedWeight> quantized_weight(ExecutionContext& context,
                                                        const RightOperand& b, std::int64_t k) {
  static auto* cache = new PackedCache<QuantizedWeight>;  // products may run while statics go
  const void* const data = b.integers != nullptr ? static_cast<const void*>(b.integers) : b.data;
  return cache->fetch({data, b.stride, b.n, k, k, true, PackedType::int8}, b.stamp,
                      [&] { return std::make_shared<const QuantizedWeight>(context, b, k); });
}

// The rows of `a` as integers, in scratch memory of the calling thread.
struct QuantizedRows {
  std::int64_t row_bytes;
  std::byte* integers;
  float* scales;

  QuantizedRows(ExecutionContext& context, const Product& p, std::int64_t depth)
      : row_bytes(depth * (tiles_take_bytes() ? 1 : std::int64_t{sizeof(float)})),
        integers(scratch(ScratchUse::row_block, p.sizes.m * row_bytes)),
        scales(reinterpret_cast<float*>(
            scratch(ScratchUse::bias, p.sizes.m * std::int64_t{sizeof(float)}))) {
    const std::int64_t grain = std::max<std::int64_t>(1, 65536 / depth);
    run_in_pool(context, (p.sizes.m + grain - 1) / grain, [&](std::int64_t task) {
      const std::int64_t end = std::min(p.sizes.m, (task + 1) * grain);
      for (std::int64_t row = task * grain; row < end; ++row) {
        const float* from = p.a + row * p.a_stride;
        const float greatest = greatest_magnitude(from, p.sizes.k);
        scales[row] = greatest / 127;
        quantize_row(from, p.sizes.k, depth, quantizing_factor(greatest),
                     tiles_take_bytes() ? IntegerType::unsigned_byte : IntegerType::float32,
                     integers + row * row_bytes);
      }
    });
  }
};

// The sums of integers of some rows and columns, in scratch memory.
const std::byte* integer_sums(const QuantizedRows& rows, const QuantizedWeight& weight,
                              std::int64_t row, std::int64_t count, std::int64_t column,
                              std::int64_t columns) {
  std::byte* sums = scratch(ScratchUse::result, count * columns * 4);
  constexpr std::int64_t few_rows = 2;
  if (count <= few_rows && weight.offsets() != nullptr && sums_integer_rows()) {
    sum_integer_rows(reinterpret_cast<const std::uint8_t*>(rows.integers + row * rows.row_bytes),
                     count, reinterpret_cast<const std::int8_t*>(weight.panels(column)), columns,
                     weight.depth(), reinterpret_cast<std::int32_t*>(sums));
    return sums;
  }
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t piece = tile_row_piece(count - done);
    const std::byte* from = rows.integers + (row + done) * rows.row_bytes;
    std::byte* to = sums + done * columns * 4;
    if (weight.offsets() != nullptr) {
      run_integer_tile({piece, columns, weight.depth(), PackedType::int8},
                       reinterpret_cast<const std::uint8_t*>(from),
                       reinterpret_cast<const std::int8_t*>(weight.panels(column)),
                       reinterpret_cast<std::int32_t*>(to));
    } else {
      run_tile({piece, columns, weight.depth(), PackedType::float32}, from, weight.panels(column),
               nullptr, reinterpret_cast<float*>(to));
    }
    done += piece;
  }
  return sums;
}

// Rows and columns of a task: of some ten microseconds, most of which few rows spend on reading the
// weight.
struct Cut {
  std::int64_t rows, columns, across;

  explicit Cut(const MatmulSizes& sizes) : rows(std::min<std::int64_t>(sizes.m, 128)) {
    const double seconds =
        static_cast<double>(sizes.n * sizes.k) * (1e-12 * static_cast<double>(sizes.m) + 3e-11);
    const std::int64_t down = (sizes.m + rows - 1) / rows;
    const auto tasks = std::clamp<std::int64_t>(std::llround(seconds / 10e-6), 1, 32);
    const std::int64_t wanted = std::max<std::int64_t>(1, tasks / down);
    columns = round_up((sizes.n + wanted - 1) / wanted, panel_columns);
    across = (sizes.n + columns - 1) / columns;
  }
};

void run_quantize_rows(ExecutionContext& context, ConstView weight, View integers) {
  check_quantized_shape(weight, integers);
  const std::int64_t k = weight.columns(), padded = round_up(k, integer_depth_unit);
  const std::int64_t grain = std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(padded, 1));
  run_in_pool(context, (weight.rows() + grain - 1) / grain, [&](std::int64_t task) {
    std::byte* const rounded = scratch(ScratchUse::row_block, padded);
    const std::int64_t end = std::min(weight.rows(), (task + 1) * grain);
    for (std::int64_t row = task * grain; row < end; ++row) {
      const float* const from = weight.as<float>() + row * weight.row_stride();
      const float greatest = greatest_magnitude(from, k), scale = greatest / 127;
      quantize_row(from, k, padded, quantizing_factor(greatest), IntegerType::signed_byte, rounded);
      std::int8_t* const to = integers.as<std::int8_t>() + row * integers.row_stride();
      std::memcpy(to, rounded, static_cast<std::size_t>(k));
      std::memcpy(to + k, &scale, row_scale_bytes);
    }
  });
}

}  // namespace

void register_int8() {
  quantize_rows.fill(DeviceKind::cpu, &run_quantize_rows);
}

void run_int8(ExecutionContext& context, const Product& p) {
  const auto weight = quantized_weight(context, p.b, p.sizes.k);
  const QuantizedRows rows(context, p, weight->depth());
  const Cut cut(p.sizes);
  const std::int64_t down = (p.sizes.m + cut.rows - 1) / cut.rows;
  run_in_pool(context, down * cut.across, [&](std::int64_t task) {
    const std::int64_t row = task % down * cut.rows;
    const std::int64_t count = std::min(cut.rows, p.sizes.m - row);
    const std::int64_t end = std::min(p.sizes.n, (task / down + 1) * cut.columns);
    for (std::int64_t column = task / down * cut.columns; column < end; column += scratch_columns) {
      const std::int64_t columns = std::min(scratch_columns, end - column);
      const std::int64_t padded = round_up(columns, panel_columns);
      dequantize_tile(
          {.sums = integer_sums(rows, *weight, row, count, column, padded),
           .sums_stride = padded,
           .offsets = weight->offsets() != nullptr ? weight->offsets() + column : nullptr,
           .row_scales = rows.scales + row,
           .scales = weight->scales() + column,
           .c = p.c + row * p.c_stride + column,
           .c_stride = p.c_stride,
           .rows = count,
           .columns = columns,
           .alpha = p.alpha,
           .bias = p.bias != nullptr ? p.bias + column : nullptr,
           .accumulate = p.accumulate,
           .relu = p.relu});
    }
  });
}

}  // namespace heed::cpu
