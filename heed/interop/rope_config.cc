#include "heed/interop/rope_config.h"

#include <initializer_list>
#include <string>

#include "heed/base/error.h"
#include "heed/base/json.h"

namespace heed {

namespace {

// Settings of a scaling that change what it computes, and what heed takes them to be.
void check_yarn(const ConfigReader& scaling) {
  check_data(scaling.get("truncate", true),
             "{}: rope scaling yarn with truncate false: heed cuts to "
             "whole components, as published",
             scaling.source());
  for (const char* key : {"mscale", "mscale_all_dim"}) {
    check_data(!scaling.has(key), "{}: rope scaling yarn with {}: heed does not know it",
               scaling.source(), key);
  }
}

void read_scaling(const ConfigReader& scaling, PositionConfig& position) {
  const std::string type =
      scaling.get<std::string>("rope_type", scaling.get<std::string>("type", "default"));
  if (type == "default") {
    return;
  }
  check_data(type == "linear" || type == "yarn" || type == "llama3",
             "{}: rope scaling '{}': heed knows default, linear, yarn and llama3", scaling.source(),
             type);
  position.scaling = type;
  position.scaling_factor = scaling.require<double>("factor");
  if (type == "linear") {
    return;
  }
  position.trained_length =
      scaling.get("original_max_position_embeddings", position.trained_length);
  if (type == "yarn") {
    check_yarn(scaling);
    position.beta_fast = scaling.get("beta_fast", position.beta_fast);
    position.beta_slow = scaling.get("beta_slow", position.beta_slow);
    position.attention_factor = scaling.get("attention_factor", position.attention_factor);
  } else {
    position.low_frequency_factor = scaling.get("low_freq_factor", position.low_frequency_factor);
    position.high_frequency_factor =
        scaling.get("high_freq_factor", position.high_frequency_factor);
  }
}

}  // namespace

PositionConfig read_rope(const ConfigReader& reader, double default_theta) {
  PositionConfig position;
  position.kind = "rotary";
  position.base = reader.get("rope_theta", default_theta);
  position.rotated = reader.get("partial_rotary_factor", 1.0);
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    if (!reader.has(key)) {
      continue;
    }
    const std::string source = reader.source() + ": " + key;
    const ConfigReader scaling(reader.json().at(key), source);
    position.base = scaling.get("rope_theta", position.base);
    position.rotated = scaling.get("partial_rotary_factor", position.rotated);
    read_scaling(scaling, position);
    break;
  }
  return position;
}

Json rope_keys(const PositionConfig& position) {
  Json rope = {{"rope_type", position.scaling == "none" ? "default" : position.scaling}};
  if (position.scaling != "none") {
    rope["factor"] = position.scaling_factor;
  }
  if (position.scaling == "yarn" || position.scaling == "llama3") {
    if (position.trained_length > 0) {
      rope["original_max_position_embeddings"] = position.trained_length;
    }
  }
  if (position.scaling == "yarn") {
    rope["beta_fast"] = position.beta_fast;
    rope["beta_slow"] = position.beta_slow;
    if (position.attention_factor > 0) {
      rope["attention_factor"] = position.attention_factor;
    }
  } else if (position.scaling == "llama3") {
    rope["low_freq_factor"] = position.low_frequency_factor;
    rope["high_freq_factor"] = position.high_frequency_factor;
  }
  Json keys = {{"rope_theta", position.base}};
  if (position.rotated != 1) {
    keys["partial_rotary_factor"] = position.rotated;
    rope["partial_rotary_factor"] = position.rotated;
  }
  keys["rope_scaling"] = position.scaling == "none" ? Json() : rope;
  rope["rope_theta"] = position.base;
  keys["rope_parameters"] = std::move(rope);
  return keys;
}

}  // namespace heed
