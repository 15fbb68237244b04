// Names of activation functions: ours and Transformers'.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <optional>
#include <string>

#include "heed/interop/config_reader.h"

namespace heed {

// What `key` says (`fallback` where it is missing), as ours: "gelu_new" is gelu_tanh. Error
// (bad_data): one that is not known.
std::string read_activation(const ConfigReader& reader, const char* key, const char* fallback);

// Ours of a gated feed-forward sublayer with that activation: "swiglu" for "silu". Error (bad_data)
// names `key`: no gate has it.
std::string read_gate(const ConfigReader& reader, const char* key, const char* fallback);

// Theirs of one of ours, with a gate or without; nothing where they have none.
std::optional<std::string> their_activation(const std::string& ours);
std::optional<std::string> their_gate(const std::string& ours);

}  // namespace heed
