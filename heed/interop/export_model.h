// Models for other programs. Plain functions: threads may call them at once with models of their
// own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"
#include "heed/tensor/dtype.h"

namespace heed {

// What keeps other programs from running a model: settings that no layout of theirs can express,
// "norm is \"pre\", not \"post\"". Empty: they can run it.
std::vector<std::string> export_obstacles(const LoadedModel& model);

// The class by which Transformers loads it: "MarianMTModel". Empty: none.
std::string transformers_class(const LoadedModel& model);

// Of its tokenizers: "MarianTokenizer". Empty: heed's own, which no other program has.
std::string transformers_tokenizer(const LoadedModel& model);

// Writes a model directory that Transformers loads, with weights of the given type (float32 or
// bfloat16), created if missing. Errors: usage when there are obstacles, which are
// named, or when the model keeps weights in bfloat16 for running; input_output.
void export_model(const LoadedModel& model, const std::filesystem::path& directory, DType weights);

}  // namespace heed
