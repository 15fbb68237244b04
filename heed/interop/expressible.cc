#include "heed/interop/expressible.h"

#include <fmt/format.h>

#include "heed/base/json.h"
#include "heed/base/json_leaves.h"

namespace heed {

void copy_training_choices(const StackConfig& from, StackConfig& to) {
  to.dropout = from.dropout;
  to.attention_dropout = from.attention_dropout;
  to.activation_dropout = from.activation_dropout;
  to.embedding_dropout = from.embedding_dropout;
  to.stochastic_depth = from.stochastic_depth;
  to.initial = from.initial;
  to.initial_gain = from.initial_gain;
  to.initial_deviation = from.initial_deviation;
  to.initial_by_depth = from.initial_by_depth;
  to.initial_branches = from.initial_branches;
  to.initial_logits = from.initial_logits;
}

std::vector<std::string> differences_from(const Json& model, const Json& plain) {
  std::vector<std::string> differences;
  const auto expressible = json_leaves(plain);
  for (const auto& [key, value] : json_leaves(model)) {
    const auto found = expressible.find(key);
    if (found == expressible.end()) {
      differences.push_back(fmt::format("{} is {}", key, value));
    } else if (found->second != value) {
      differences.push_back(fmt::format("{} is {}, not {}", key, value, found->second));
    }
  }
  return differences;
}

}  // namespace heed
