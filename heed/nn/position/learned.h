// Learned positions: a table trained with the model (Gehring et al., 2017).
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

class LearnedPositions : public PositionEncoding {
 public:
  LearnedPositions(std::int64_t size, std::int64_t longest, Device device)
      : table_({longest, size}, Initial::embedding, false, device) {}

  Tensor table(std::int64_t length) const override {
    check_usage(length <= table_.value.size(0),
                "learned positions: length {} asked for, the table has {}", length,
                table_.value.size(0));
    return table_.value;
  }
  void visit(ParameterVisitor& visitor) override { visitor.parameter("weight", table_); }

 private:
  Parameter table_;
};

}  // namespace heed
