#include "heed/interop/model_source.h"

#include <set>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/sharded_safetensors.h"
#include "heed/interop/sentence_directory.h"
#include "heed/text/tokenizer_files.h"

namespace heed {

namespace fs = std::filesystem;

namespace {

std::string chat_template_in(const fs::path& directory) {
  constexpr std::uint64_t limit = 1u << 20;
  if (path_exists(directory / chat_template_name)) {
    return read_file(directory / chat_template_name, limit);
  }
  const fs::path path = directory / "tokenizer_config.json";
  if (!path_exists(path)) {
    return {};
  }
  const Json config = read_model_json(path);
  const auto found = config.is_object() ? config.find("chat_template") : config.end();
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ModelFileFacts facts_of_directory(const fs::path& directory) {
  const SafetensorsModel model(directory);
  ModelFileFacts facts{.format = "safetensors", .chat_template = chat_template_in(directory)};
  std::set<fs::path> files;
  for (const std::string& name : model.names()) {
    ++facts.tensor_types[std::string(name_of(model.find(name)->dtype))];
    if (files.insert(model.path_of(name)).second) {
      facts.bytes += fs::file_size(model.path_of(name));
    }
  }
  if (files.size() > 1) {
    facts.details["shards"] = std::to_string(files.size());
  }
  return facts;
}

ModelSource open_directory(const fs::path& path) {
  const fs::path directory = model_directory_of(path);
  const std::string config_source = (directory / model_config_name).string();
  return {.place = directory,
          .config = read_model_json(config_source),
          .config_source = config_source,
          .tokenizers = [directory] { return load_tokenizers(directory); },
          .tensors =
              [directory](Device device) {
                return std::make_unique<SafetensorsModel>(directory, device);
              },
          .facts = [directory] { return facts_of_directory(directory); }};
}

const std::vector<ModelFormat>& other_formats() {
  static const std::vector<ModelFormat> formats = {gguf_format(), llama2c_format()};
  return formats;
}

}  // namespace

ModelSource open_model_source(const fs::path& path) {
  if (!path_exists(path / model_config_name)) {
    for (const ModelFormat& format : other_formats()) {
      if (format.recognises(path)) {
        return format.open(path);
      }
    }
  }
  return open_directory(path);
}

fs::path model_directory_of(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  check_io(fs::exists(status), "{}: no such directory", directory.string());
  check_io(
      directory.extension() != ".safetensors" || fs::is_directory(status),
      "{}: holds weights alone; name its directory, in which config.json and the tokenizer lie",
      directory.string());
  check_io(fs::is_directory(status),
           "{}: is neither a model directory nor a file of a format that heed reads (GGUF, "
           "llama2.c's .bin with its tokenizer beside it); weights in .pt or pytorch_model.bin are "
           "pickles, which can run code: save them as safetensors with Transformers",
           directory.string());
  if (fs::exists(directory / model_config_name, error)) {
    return directory;
  }
  if (const fs::path inner = sentence_encoder_directory(directory); inner != directory) {
    check_io(fs::exists(inner / model_config_name, error), "{}: has no config.json",
             inner.string());
    return inner;
  }
  for (const char* link : {"best", "last"}) {
    if (fs::exists(directory / link / model_config_name, error)) {
      fs::path target = fs::canonical(directory / link, error);
      check_io(!error, "{}: cannot follow the link: {}", (directory / link).string(),
               error.message());
      return target;
    }
  }
  fail(ErrorKind::input_output,
       "{}: neither a model directory (no config.json, no file of GGUF or llama2.c) nor a run with "
       "a checkpoint (no best or last)",
       directory.string());
}

Json read_model_json(const fs::path& path) {
  constexpr std::uint64_t limit = 64u << 20;
  return parse_json(read_file(path, limit), path.string());
}

}  // namespace heed
