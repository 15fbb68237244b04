#include "heed/interop/activation_names.h"

#include <span>
#include <utility>

#include "heed/base/error.h"

namespace heed {

namespace {

// The first of several names of theirs is written.
using NamePair = std::pair<const char*, const char*>;
constexpr NamePair activation_names[] = {
    {"relu", "relu"},           {"relu_squared", "relu2"},
    {"gelu", "gelu"},           {"gelu_tanh", "gelu_new"},
    {"silu", "silu"},           {"silu", "swish"},
    {"gelu_tanh", "gelu_fast"}, {"gelu_tanh", "gelu_pytorch_tanh"}};
constexpr NamePair gate_names[] = {{"swiglu", "silu"},         {"swiglu", "swish"},
                                   {"geglu", "gelu"},          {"geglu_tanh", "gelu_pytorch_tanh"},
                                   {"geglu_tanh", "gelu_new"}, {"geglu_tanh", "gelu_fast"}};

std::string read_name(const ConfigReader& reader, const char* key, const char* fallback,
                      std::span<const NamePair> names) {
  const std::string name = reader.get<std::string>(key, fallback);
  for (const auto& [ours, theirs] : names) {
    if (name == theirs) {
      return ours;
    }
  }
  fail(ErrorKind::bad_data, "{}: {} '{}' is not known", reader.source(), key, name);
}

std::optional<std::string> theirs_of(const std::string& name, std::span<const NamePair> names) {
  for (const auto& [ours, theirs] : names) {
    if (name == ours) {
      return theirs;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string read_activation(const ConfigReader& reader, const char* key, const char* fallback) {
  return read_name(reader, key, fallback, activation_names);
}

std::string read_gate(const ConfigReader& reader, const char* key, const char* fallback) {
  return read_name(reader, key, fallback, gate_names);
}

std::optional<std::string> their_activation(const std::string& ours) {
  return theirs_of(ours, activation_names);
}

std::optional<std::string> their_gate(const std::string& ours) {
  return theirs_of(ours, gate_names);
}

}  // namespace heed
