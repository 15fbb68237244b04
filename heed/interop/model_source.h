// What a model is loaded from: a directory as Transformers and heed write it, a run of heed, or the
// files of another program. Whatever it is, it is seen here as a directory of Transformers would
// be: keys of config.json, tensors under the names of a family, tokenizers.
//
// To add a format: a file x.cc with a function that returns its ModelFormat, and its line in
// model_source.cc. Threads may open sources at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/formats/tensor_source.h"
#include "heed/tensor/device.h"
#include "heed/text/tokenizer.h"

namespace heed {

inline constexpr const char* model_config_name = "config.json";

// What is known of a model's files besides what the model is.
struct ModelFileFacts {
  std::string format;  // "GGUF"
  // What this format alone says, by key: {"architecture": "llama"}.
  std::map<std::string, std::string> details = {};
  std::uint64_t bytes = 0;                                // of the files that hold the weights
  std::map<std::string, std::int64_t> tensor_types = {};  // tensors by type: {"Q8_0": 211}
  std::string chat_template = {};  // of a model that was taught to converse, in Jinja; empty: none
};

// A model directory has it in a file of this name, or as a key of tokenizer_config.json.
inline constexpr const char* chat_template_name = "chat_template.jinja";

struct ModelSource {
  std::filesystem::path place;  // the directory or file of the model itself
  Json config;                  // config.json, or what it would say
  std::string config_source;    // where that stands, for messages
  // Read when they are asked for. Errors name the file.
  std::function<TokenizerPair()> tokenizers;
  std::function<std::unique_ptr<TensorSource>(Device)> tensors;
  std::function<ModelFileFacts()> facts;
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
