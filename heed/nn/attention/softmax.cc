#include "heed/nn/attention/softmax.h"

namespace heed {

AttentionKind softmax_kind() {
  return {.key = "normalizer",
          .name = "softmax",
          .summary = "Weights proportional to the exponential of the score",
          .make = [](const AttentionConfig&, const AttentionScope&) {
            return std::make_unique<AttentionPart>();
          }};
}

}  // namespace heed
