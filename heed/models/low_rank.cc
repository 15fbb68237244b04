#include "heed/models/low_rank.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/kernels/matmul.h"

namespace heed {

namespace {

constexpr std::string_view weight_ending = ".weight";

// "layers.0.self_attn.q_proj.weight" → "q_proj"
std::string map_name(const std::string& stored) {
  const std::string module = stored.substr(0, stored.size() - weight_ending.size());
  return module.substr(module.rfind('.') + 1);
}

// The stored names of a parameter with their rows.
std::vector<std::pair<std::string, std::int64_t>> parts_of(const NamedParameter& item) {
  const std::vector<ParameterPart>& parts = item.parameter->parts;
  if (parts.empty()) {
    return {{item.name, item.parameter->value.size(0)}};
  }
  const std::size_t dot = item.name.rfind('.');
  const std::string prefix = dot == std::string::npos ? "" : item.name.substr(0, dot + 1);
  std::vector<std::pair<std::string, std::int64_t>> result;
  for (const ParameterPart& part : parts) {
    result.emplace_back(prefix + part.name, part.rows);
  }
  return result;
}

}  // namespace

void check_low_rank_config(const LowRankConfig& config, const std::string& prefix) {
  check_usage(config.rank >= 0 && config.rank <= 4096, "{}.rank: must be in 0 … 4096, got {}",
              prefix, config.rank);
  check_usage(std::isfinite(config.alpha) && config.alpha > 0, "{}.alpha: must be above 0, got {}",
              prefix, config.alpha);
  static const std::vector<std::string> known = {"q_proj",   "k_proj", "v_proj",
                                                 "out_proj", "fc1",    "fc2"};
  check_usage(config.rank == 0 || !config.targets.empty(), "{}.targets: name some maps", prefix);
  for (const std::string& target : config.targets) {
    check_usage(std::find(known.begin(), known.end(), target) != known.end(),
                "{}.targets '{}': expected some of {}", prefix, target, known);
  }
}

LowRankAdapters::LowRankAdapters(Module& backbone, const LowRankConfig& config, Device device)
    : scale_(static_cast<float>(config.alpha / config.rank)) {
  check_low_rank_config(config, "lora");
  check_usage(config.rank > 0, "lora.rank: must be above 0");
  for (const NamedParameter& item : parameters_of(backbone)) {
    std::deque<Map> maps;
    std::int64_t begin = 0;
    for (const auto& [name, rows] : parts_of(item)) {
      const bool wanted = name.ends_with(weight_ending) && item.parameter->value.rank() == 2 &&
                          std::find(config.targets.begin(), config.targets.end(), map_name(name)) !=
                              config.targets.end();
      if (wanted) {
        const std::int64_t in = item.parameter->value.size(1);
        check_usage(config.rank <= std::min(rows, in), "lora.rank: {}, but {} is a map of {} to {}",
                    config.rank, name, in, rows);
        Map map{.name = name.substr(0, name.size() - weight_ending.size()),
                .begin = begin,
                .end = begin + rows,
                .a = Parameter({config.rank, in}, Initial::normal, true, device),
                .b = Parameter({rows, config.rank}, Initial::zeros, true, device)};
        map.a.gain = 1 / std::sqrt(static_cast<double>(in));
        maps.push_back(std::move(map));
      }
      begin += rows;
    }
    if (!maps.empty()) {
      adapted_.push_back({item.parameter, std::move(maps)});
    }
  }
  check_usage(!adapted_.empty(), "lora.targets: the model has no map of these names: {}",
              config.targets);
}

// dA = s·Bᵀ·dW', dB = s·dW'·Aᵀ: what the rows of each map get of the gradient.
Tensor LowRankAdapters::effective(const Adapted& adapted) const {
  const Tensor y = adapted.parameter->value.detach().clone();
  ExecutionContext context = context_for(y.device());
  std::vector<Tensor> inputs;
  struct Part {
    std::int64_t begin, end;
    Tensor a, b;
    GradientSlot a_slot, b_slot;
  };
  std::vector<Part> parts;
  for (const Map& map : adapted.maps) {
    matmul(context, map.b.value, map.a.value, y.rows(map.begin, map.end),
           {.accumulate = true, .alpha = scale_});
    inputs.insert(inputs.end(), {map.a.value, map.b.value});
    parts.push_back({map.begin, map.end, map.a.value.detach(), map.b.value.detach(),
                     gradient_slot(map.a.value), gradient_slot(map.b.value)});
  }
  return record("low_rank", y, inputs,
                [parts = std::move(parts), scale = scale_](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  for (const Part& part : parts) {
                    const Tensor rows = dy.rows(part.begin, part.end);
                    if (part.a_slot.wanted()) {
                      const auto [target, accumulate] = part.a_slot.target();
                      matmul(context, part.b, rows, target,
                             {.transpose_a = true, .accumulate = accumulate, .alpha = scale});
                    }
                    if (part.b_slot.wanted()) {
                      const auto [target, accumulate] = part.b_slot.target();
                      matmul(context, rows, part.a, target,
                             {.transpose_b = true, .accumulate = accumulate, .alpha = scale});
                    }
                  }
                });
}

LowRankAdapters::Scope::Scope(const LowRankAdapters& adapters) : adapters_(adapters) {
  for (const Adapted& adapted : adapters.adapted_) {
    bases_.push_back(adapted.parameter->value);
    adapted.parameter->value = adapters.effective(adapted);
  }
}

LowRankAdapters::Scope::~Scope() {
  for (std::size_t i = 0; i < bases_.size(); ++i) {
    adapters_.adapted_[i].parameter->value = bases_[i];
  }
}

void LowRankAdapters::merge() {
  const NoGradientScope no_gradients;
  for (Adapted& adapted : adapted_) {
    adapted.parameter->value.copy_from(effective(adapted));
    adapted.parameter->value.renew_stamp();
    for (Map& map : adapted.maps) {
      map.b.value.fill(0);
    }
  }
}

void LowRankAdapters::visit(ParameterVisitor& visitor) {
  for (Adapted& adapted : adapted_) {
    for (Map& map : adapted.maps) {
      visitor.parameter(map.name + ".lora_a", map.a);
      visitor.parameter(map.name + ".lora_b", map.b);
    }
  }
}

}  // namespace heed
