// What a model is loaded from: a directory as Transformers and heed write it, a run of heed, or the
// files of another program. Whatever it is, it is seen here as a directory of Transformers would
// be: keys of config.json, tensors under the names of a family, tokenizers.
//
// To add a format: a file x.cc with a function that returns its ModelFormat, and its line in
// model_source.cc. Threads may open sources at once.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/formats/tensor_source.h"
#include "heed/tensor/device.h"
#include "heed/text/tokenizer.h"

namespace heed {

inline constexpr const char* model_config_name = "config.json";

struct ModelSource {
  std::filesystem::path place;  // the directory or file of the model itself
  Json config;                  // config.json, or what it would say
  std::string config_source;    // where that stands, for messages
  // Read when they are asked for. Errors name the file.
  std::function<TokenizerPair()> tokenizers;
  std::function<std::unique_ptr<TensorSource>(Device)> tensors;
};

struct ModelFormat {
  std::string name;  // "GGUF"
  // Whether the path, a file or a directory, holds a model in this format. Looks no further than it
  // has to.
  bool (*recognises)(const std::filesystem::path& path);
  ModelSource (*open)(const std::filesystem::path& path);
};

ModelFormat gguf_format();     // gguf_model.cc
ModelFormat llama2c_format();  // llama2c.cc

// Errors: input_output when there is nothing at the path, or nothing that is a model; bad_data that
// names the file and the place in it.
ModelSource open_model_source(const std::filesystem::path& path);

// A file of JSON in a model directory. Errors: input_output, bad_data.
Json read_model_json(const std::filesystem::path& path);

// The directory of a model that lies in one: itself, or the best or last checkpoint of a run.
// Errors as for open_model_source.
std::filesystem::path model_directory_of(const std::filesystem::path& directory);

}  // namespace heed
