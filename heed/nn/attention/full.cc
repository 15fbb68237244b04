#include "heed/nn/attention/full.h"

namespace heed {

AttentionKind full_kind() {
  return {.key = "topology",
          .name = "full",
          .summary = "Everything is seen, or in a causal stack all that came before",
          .make = [](const AttentionConfig&, const AttentionScope&) {
            return std::make_unique<AttentionPart>();
          }};
}

}  // namespace heed
