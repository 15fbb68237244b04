#include "heed/tasks/initial_weights.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/model_kind.h"

namespace heed {

namespace {

constexpr std::string_view without_weights[] = {
    "norm_epsilon",       "initial",           "initial_gain",
    "initial_deviation",  "initial_by_depth",  "initial_branches",
    "initial_logits",     "dropout",           "attention_dropout",
    "activation_dropout", "embedding_dropout", "stochastic_depth",
    "max_length"};

}  // namespace

void check_same_model(const std::string& init_from, const Json& wanted, const Json& there) {
  for (const auto& item : wanted.items()) {
    if (std::find(std::begin(without_weights), std::end(without_weights), item.key()) ==
        std::end(without_weights)) {
      const Json other = there.value(item.key(), Json());
      check_usage(item.value() == other, "init_from {}: its model.{} is {}, the recipe says {}",
                  init_from, item.key(), other.dump(), item.value().dump());
    }
  }
}

LoadedModel load_initial_model(const std::string& init_from, const std::string& task) {
  const ModelKind& kind = model_kind_in(init_from);
  check_usage(kind.task == task,
              "init_from {}: this is {}, for the task {}; the recipe's task is {}", init_from,
              kind.noun, kind.task, task);
  return load_model(init_from);
}

void copy_weights(Module& from, Module& to) {
  const auto source = stored_tensors_of(from), target = stored_tensors_of(to);
  check(source.size() == target.size(), "init_from: {} tensors for {}", source.size(),
        target.size());
  for (std::size_t i = 0; i < target.size(); ++i) {
    target[i].tensor.copy_from(source[i].tensor);
  }
}

}  // namespace heed
