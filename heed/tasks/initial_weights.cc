#include "heed/tasks/initial_weights.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/model_family.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"

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

namespace {

void check_task(const ModelKind& kind, const std::string& init_from, const std::string& task) {
  check_usage(kind.task == task,
              "init_from {}: this is {}, for the task {}; the recipe's task is {}", init_from,
              kind.noun, kind.task, task);
}

}  // namespace

Json initial_section(const std::string& init_from, const std::string& task) {
  const ModelSource files = open_model_source(init_from);
  const ModelFamily& family = family_of(files.config, files.config_source);
  check_task(model_kind(family.kind), init_from, task);
  return model_section(files.config, family, files.config_source);
}

LoadedModel load_initial_model(const std::string& init_from, const std::string& task) {
  check_task(model_kind_in(init_from), init_from, task);
  return load_model(init_from);
}

void copy_weights(Module& from, Module& to) {
  const auto source = stored_tensors_of(from), target = stored_tensors_of(to);
  check(source.size() == target.size(), "init_from: {} tensors for {}", source.size(),
        target.size());
  for (std::size_t i = 0; i < target.size(); ++i) {
    check_usage(target[i].tensor.shape() == source[i].tensor.shape(),
                "init_from: its {} has shape {}, the recipe's model wants {}", source[i].name,
                source[i].tensor.shape(), target[i].tensor.shape());
    target[i].tensor.copy_from(source[i].tensor);
  }
}

void copy_known_weights(Module& from, Module& to) {
  std::map<std::string, Tensor> known;
  for (const NamedTensor& item : stored_tensors_of(from)) {
    known.emplace(item.name, item.tensor);
  }
  for (const NamedTensor& item : stored_tensors_of(to)) {
    const auto found = known.find(item.name);
    if (found != known.end() && !item.name.starts_with("head.")) {
      item.tensor.copy_from(found->second);
      item.tensor.renew_stamp();
    }
  }
}

}  // namespace heed
