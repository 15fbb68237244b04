// Models for other programs. Plain functions: threads may call them at once with models of their
// own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"

namespace heed {

// What keeps other programs from running a model: settings that no layout of theirs can express,
// "norm is \"pre\", not \"post\"". Empty: they can run it.
std::vector<std::string> export_obstacles(const LoadedModel& model);

// The families (ModelFamily::model_type) of other programs that can express it, in the order in
// which they are tried.
std::vector<std::string> export_families(const LoadedModel& model);

// The class by which Transformers loads what is exported to this family, or to the first that can
// express it: "MarianMTModel". Empty: none.
std::string transformers_class(const LoadedModel& model, const std::string& family = {});

// Of its tokenizers: "MarianTokenizer". Empty: heed's own, which no other program has.
std::string transformers_tokenizer(const LoadedModel& model);

// Writes a model directory that Transformers loads, created if missing. Errors: usage when there
// are obstacles, which are named, and those of save_model.
void export_model(const LoadedModel& model, const std::filesystem::path& directory,
                  const SavedForm& form = {});

}  // namespace heed
