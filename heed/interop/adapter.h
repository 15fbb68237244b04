// Adapters apart from the model that they adapt: the narrow matrices and the head of a run with
// adapting.backbone lora, small beside the model's weights, to be put on it when it runs.
//
//   save_adapter("run", "adapter");                                // adapter_config.json, weights
//   const LoadedModel model = load_adapted("minilm", "adapter");   // or load_adapted("minilm",
//   "run")
//
// Plain functions: threads may call them at once.
#pragma once

#include <filesystem>

#include "heed/interop/load_model.h"

namespace heed {

inline constexpr const char* adapter_config_name = "adapter_config.json";
inline constexpr const char* adapter_weights_name = "adapter_model.safetensors";

// What a run or model directory has beside the weights that it began with. Errors: input_output;
// bad_data; usage: it has no adapters.
void save_adapter(const std::filesystem::path& from, const std::filesystem::path& directory);

// `base` with the adapters and the head of `adapter`, a directory of save_adapter or a run, merged.
// Errors: those of load_model; usage: the adapter was made for another model, which is told by its
// configuration and by its weights.
LoadedModel load_adapted(const std::filesystem::path& base, const std::filesystem::path& adapter);

}  // namespace heed
