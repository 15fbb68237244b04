#include "heed/models/head_pruning.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "heed/base/error.h"

namespace heed {

namespace {

void check_heads_are_there(const StackConfig& config, const std::vector<AttentionPlace>& places,
                           const HeadSet& heads) {
  for (const auto& [name, list] : heads) {
    check_usage(
        std::any_of(places.begin(), places.end(),
                    [&name = name](const AttentionPlace& place) { return place.name() == name; }),
        "the model has no attention '{}'; its names run from {} to {}", name, places.front().name(),
        places.back().name());
    const std::vector<int> present = present_heads(config, name);
    for (const int head : list) {
      check_usage(std::find(present.begin(), present.end(), head) != present.end(),
                  "{} has no head {}, only {}", name, head, present);
    }
  }
}

// What the stored names of an attention begin with.
std::string stored_prefix(const AttentionPlace& place) {
  return fmt::format("model.{}.layers.{}.{}.", place.stack, place.layer,
                     place.cross ? "encoder_attn" : "self_attn");
}

// Copies the heads `kept` (counted among those of `from`) of one stored tensor of an attention.
void copy_heads(const NamedTensor& from, const NamedTensor& to, const std::vector<int>& kept,
                std::int64_t head_size) {
  const bool columns = from.name.ends_with("out_proj.weight");
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto target = static_cast<std::int64_t>(i) * head_size;
    const std::int64_t source = kept[i] * head_size;
    if (columns) {
      to.tensor.columns(target, target + head_size)
          .copy_from(from.tensor.columns(source, source + head_size));
    } else {
      to.tensor.rows(target, target + head_size)
          .copy_from(from.tensor.rows(source, source + head_size));
    }
  }
}

}  // namespace

std::vector<int> present_heads(const StackConfig& config, const std::string& attention) {
  const auto pruned = config.pruned_heads.find(attention);
  std::vector<int> heads;
  for (int head = 0; head < config.heads; ++head) {
    if (pruned == config.pruned_heads.end() ||
        std::find(pruned->second.begin(), pruned->second.end(), head) == pruned->second.end()) {
      heads.push_back(head);
    }
  }
  return heads;
}

HeadSet present_heads(const TranslatorConfig& config) {
  HeadSet heads;
  for (const AttentionPlace& place : attentions_of(config)) {
    heads[place.name()] = present_heads(config, place.name());
  }
  return heads;
}

HeadSet heads_off(const TranslatorConfig& config, const HeadSet& heads) {
  check_heads_are_there(config, attentions_of(config), heads);
  HeadSet off;
  for (const auto& [name, list] : heads) {
    const std::vector<int> present = present_heads(config, name);
    for (const int head : list) {
      off[name].push_back(
          static_cast<int>(std::find(present.begin(), present.end(), head) - present.begin()));
    }
  }
  return off;
}

namespace {

// The configuration without these heads.
template <typename Config>
Config without_heads(Config config, const HeadSet& heads) {
  check_heads_are_there(config, attentions_of(config), heads);
  for (const auto& [name, list] : heads) {
    std::vector<int>& pruned = config.pruned_heads[name];
    pruned.insert(pruned.end(), list.begin(), list.end());
    std::sort(pruned.begin(), pruned.end());
    pruned.erase(std::unique(pruned.begin(), pruned.end()), pruned.end());
    if (pruned.empty()) {
      config.pruned_heads.erase(name);
    }
  }
  return config;
}

Device device_of(Module& model) {
  return stored_tensors_of(model).front().tensor.device();
}

// Fills a model that lacks heads with the weights of the one that has them.
template <typename Model>
void copy_what_is_left(Model& model, Model& smaller) {
  const std::vector<NamedTensor> from = stored_tensors_of(model);
  const std::vector<NamedTensor> to = stored_tensors_of(smaller);
  for (std::size_t i = 0; i < to.size(); ++i) {
    check(from[i].name == to[i].name, "pruning: '{}' became '{}'", from[i].name, to[i].name);
    if (from[i].tensor.shape() == to[i].tensor.shape()) {
      to[i].tensor.copy_from(from[i].tensor);
    }
  }
  const StackConfig& config = smaller.config();
  for (const AttentionPlace& place : attentions_of(smaller.config())) {
    const std::vector<int> present = present_heads(model.config(), place.name());
    const std::vector<int> left = present_heads(config, place.name());
    if (left == present) {
      continue;
    }
    std::vector<int> kept;
    for (const int head : left) {
      kept.push_back(
          static_cast<int>(std::find(present.begin(), present.end(), head) - present.begin()));
    }
    const std::string prefix = stored_prefix(place);
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i].name.starts_with(prefix) && !to[i].name.ends_with("out_proj.bias")) {
        copy_heads(from[i], to[i], kept, config.d_model / config.heads);
      }
    }
  }
  for (const NamedParameter& item : parameters_of(smaller)) {
    item.parameter->value.renew_stamp();
  }
}

}  // namespace

std::unique_ptr<Translator> prune_heads(Translator& model, const HeadSet& heads) {
  auto smaller = std::make_unique<Translator>(without_heads(model.config(), heads),
                                              model.vocabulary(), device_of(model));
  copy_what_is_left(model, *smaller);
  return smaller;
}

std::unique_ptr<LanguageModel> prune_heads(LanguageModel& model, const HeadSet& heads) {
  auto smaller = std::make_unique<LanguageModel>(without_heads(model.config(), heads),
                                                 model.vocabulary_size(), device_of(model));
  copy_what_is_left(model, *smaller);
  return smaller;
}

}  // namespace heed
