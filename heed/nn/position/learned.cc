#include "heed/nn/position/learned.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/nn/position/grown_table.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/embedding.h"

namespace heed {

namespace {

class LearnedPositions : public PositionEncoding {
 public:
  LearnedPositions(std::int64_t rows, std::int64_t longest, std::int64_t size, Device device)
      : longest_(longest), table_({rows, size}, Initial::embedding, false, device) {
    if (rows < longest_) {
      prepare_stretching(rows, size, device);
    }
  }

  Tensor table(std::int64_t length) const override {
    const std::int64_t rows = table_.value.size(0);
    check_usage(length <= std::max(rows, longest_),
                "learned positions: length {} asked for, the table has {}", length,
                std::max(rows, longest_));
    if (!below_.defined()) {
      return table_.value;
    }
    const auto part = [this](const Tensor& rows_read, const Tensor& share) {
      return ops::multiply(ops::embed(rows_read, table_.value, 1, Tensor(), Tensor()), share);
    };
    return ops::add(part(below_, below_share_), part(above_, above_share_));
  }

  void visit(ParameterVisitor& visitor) override { visitor.parameter("weight", table_); }

 private:
  void prepare_stretching(std::int64_t rows, std::int64_t size, Device device) {
    std::vector<std::int32_t> below, above;
    std::vector<double> below_share, above_share;
    for (std::int64_t i = 0; i < longest_; ++i) {
      const double at = static_cast<double>(i * (rows - 1)) / static_cast<double>(longest_ - 1);
      const double floor = std::floor(at);
      below.push_back(static_cast<std::int32_t>(floor));
      above.push_back(
          static_cast<std::int32_t>(std::min<std::int64_t>(below.back() + 1, rows - 1)));
      below_share.insert(below_share.end(), static_cast<std::size_t>(size), 1 - (at - floor));
      above_share.insert(above_share.end(), static_cast<std::size_t>(size), at - floor);
    }
    below_ = Tensor::from_values<std::int32_t>(below, {longest_});
    above_ = Tensor::from_values<std::int32_t>(above, {longest_});
    below_share_ = constant_tensor(below_share, {longest_, size}, device);
    above_share_ = constant_tensor(above_share, {longest_, size}, device);
  }

  std::int64_t longest_;
  Parameter table_;
  // Of each position when the table is stretched: the rows below and above it, and their shares.
  Tensor below_, above_, below_share_, above_share_;
};

}  // namespace

PositionScheme learned_scheme() {
  return {.kind = "learned",
          .summary = "A table trained with the model (Gehring et al., 2017)",
          .embeddings = true,
          .learned = true,
          .make = [](const PositionConfig& config, const PositionScope& scope) {
            check_usage(config.trained_length >= 0,
                        "position.trained_length {}: expected a number of positions, or 0",
                        config.trained_length);
            return std::make_unique<LearnedPositions>(
                config.trained_length > 0 ? config.trained_length : scope.longest, scope.longest,
                scope.size, scope.device);
          }};
}

}  // namespace heed
