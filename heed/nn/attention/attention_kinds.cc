#include "heed/nn/attention/additive.h"
#include "heed/nn/attention/attention_part.h"
#include "heed/nn/attention/bilinear.h"
#include "heed/nn/attention/block.h"
#include "heed/nn/attention/cosine.h"
#include "heed/nn/attention/dot.h"
#include "heed/nn/attention/full.h"
#include "heed/nn/attention/gaussian.h"
#include "heed/nn/attention/hard.h"
#include "heed/nn/attention/prefix.h"
#include "heed/nn/attention/qk_norm.h"
#include "heed/nn/attention/sinks.h"
#include "heed/nn/attention/soft_cap.h"
#include "heed/nn/attention/softmax.h"
#include "heed/nn/attention/sparsemax.h"
#include "heed/nn/attention/talking_heads.h"
#include "heed/nn/attention/window.h"

namespace heed {

const std::vector<AttentionKind>& attention_kinds() {
  static const std::vector<AttentionKind> kinds = {
      qk_norm_kind(),  // first on q and k
      dot_kind(),           scaled_dot_kind(), additive_kind(),     bilinear_kind(),  // scorers
      cosine_kind(),        gaussian_kind(),                                          //
      softmax_kind(),       sparsemax_kind(),  hard_kind(),         gumbel_kind(),    // normalizers
      full_kind(),          window_kind(),     dilated_kind(),      block_kind(),     // topologies
      shifted_block_kind(), prefix_kind(),                                            //
      soft_cap_kind(),      sinks_kind(),      talking_heads_kind()};                 // extras
  return kinds;
}

std::vector<std::unique_ptr<AttentionPart>> make_attention_parts(const AttentionConfig& config,
                                                                 const AttentionScope& scope) {
  std::vector<std::unique_ptr<AttentionPart>> parts;
  for (const AttentionKind& kind : attention_kinds()) {
    const bool chosen =
        kind.name.empty() || (kind.key == "kind" && kind.name == config.kind) ||
        (kind.key == "normalizer" && kind.name == config.normalizer) ||
        // Who sees whom is a question of one sequence.
        (kind.key == "topology" && kind.name == config.topology && !scope.place.cross);
    if (auto part = chosen ? kind.make(config, scope) : nullptr; part != nullptr) {
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

}  // namespace heed
