#include "heed/nn/position/sinusoidal.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/nn/position/grown_table.h"

namespace heed {

namespace {

// Writes the encoding of `position` into `size` columns.
void write_sinusoids(double position, std::int64_t size, PairLayout layout, double* columns) {
  const std::int64_t pairs = (size + 1) / 2;
  for (std::int64_t column = 0; column < size; ++column) {
    const bool halves = layout == PairLayout::halves;
    const std::int64_t pair = halves ? column % pairs : column / 2;
    const bool sine = halves ? column < pairs : column % 2 == 0;
    const double angle =
        position * std::pow(10000.0, -2.0 * static_cast<double>(pair) / static_cast<double>(size));
    columns[column] = sine ? std::sin(angle) : std::cos(angle);
  }
}

class SinusoidalPositions : public PositionEncoding {
 public:
  // `grid_columns` 0: one dimension.
  SinusoidalPositions(std::int64_t size, PairLayout layout, std::int64_t grid_columns,
                      Device device)
      : size_(size), layout_(layout), grid_columns_(grid_columns), device_(device) {}

  // Reaches any length: the table grows when a longer one is asked for.
  Tensor table(std::int64_t length) const override {
    return table_.get(length, [this](std::int64_t reach) {
      return grid_columns_ > 0 ? sinusoidal_grid(reach, grid_columns_, size_, layout_, device_)
                               : sinusoidal_table(reach, size_, layout_, device_);
    });
  }

 private:
  std::int64_t size_;
  PairLayout layout_;
  std::int64_t grid_columns_;
  Device device_;
  GrownTable<Tensor> table_;
};

}  // namespace

PairLayout pair_layout(const std::string& name) {
  check_usage(name == "halves" || name == "interleaved",
              "position.layout '{}': expected halves or interleaved", name);
  return name == "halves" ? PairLayout::halves : PairLayout::interleaved;
}

Tensor sinusoidal_table(std::int64_t length, std::int64_t size, PairLayout layout, Device device) {
  std::vector<double> values(static_cast<std::size_t>(length * size));
  for (std::int64_t i = 0; i < length; ++i) {
    write_sinusoids(static_cast<double>(i), size, layout, values.data() + i * size);
  }
  return constant_tensor(values, {length, size}, device);
}

Tensor sinusoidal_grid(std::int64_t length, std::int64_t columns, std::int64_t size,
                       PairLayout layout, Device device) {
  std::vector<double> values(static_cast<std::size_t>(length * size));
  for (std::int64_t i = 0; i < length; ++i) {
    double* row = values.data() + i * size;
    write_sinusoids(static_cast<double>(i / columns), size / 2, layout, row);
    write_sinusoids(static_cast<double>(i % columns), size / 2, layout, row + size / 2);
  }
  return constant_tensor(values, {length, size}, device);
}

PositionScheme sinusoidal_scheme() {
  return {.kind = "sinusoidal",
          .summary = "Sines and cosines of growing wavelengths (Vaswani et al., 2017)",
          .embeddings = true,
          .any_length = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            return std::make_unique<SinusoidalPositions>(scope.size, pair_layout(config.layout), 0,
                                                         scope.device);
          }};
}

PositionScheme sinusoidal2d_scheme() {
  return {.kind = "sinusoidal2d",
          .summary = "Sinusoids of the row and of the column of a grid (He et al., 2022)",
          .embeddings = true,
          .any_length = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_usage(scope.size % 4 == 0,
                        "position.kind sinusoidal2d: the width {} of the model is not a multiple "
                        "of 4, which pairs of rows and of columns need",
                        scope.size);
            check_usage(config.grid_columns >= 0,
                        "position.grid_columns {}: expected a count, or 0 for a square",
                        config.grid_columns);
            const auto square =
                static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(scope.longest))));
            return std::make_unique<SinusoidalPositions>(
                scope.size, pair_layout(config.layout),
                config.grid_columns > 0 ? config.grid_columns : square, scope.device);
          }};
}

}  // namespace heed
