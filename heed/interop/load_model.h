// Models from directories and back, whatever family and task they are of.
//
//   const LoadedModel loaded = load_model("run");  // a run directory or a model directory
//   const auto found = translate(loaded.generator(), sources, loaded.symbols, loaded.decoding);
//
// A model directory holds config.json, generation_config.json (of models that are asked for text),
// the weights (model.safetensors, or shards with model.safetensors.index.json) and the tokenizers'
// files. What heed writes is in the layout of another program where that can express the model
// (ModelFamily::theirs), else in heed's own; either way the section "heed" of config.json holds the
// exact configuration.
//
// Threads may load at once, and share what was loaded as long as none changes it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "heed/base/model_files.h"
#include "heed/generation/generate.h"
#include "heed/interop/sentence_directory.h"
#include "heed/nn/encoder.h"
#include "heed/nn/generator.h"
#include "heed/tensor/device.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct ModelKind;  // heed/interop/model_kind.h

struct LoadedModel {
  std::string family;  // model_type of config.json
  const ModelKind* kind = nullptr;
  std::unique_ptr<Module> module;
  TokenizerPair tokenizers;
  TextSymbols symbols;
  DecodingConfig decoding;  // defaults, from generation_config.json
  // How texts become vectors, of a directory of sentence-transformers.
  std::optional<SentenceSettings> sentences;
  std::filesystem::path directory;  // of the model itself
  // What its files ask for and heed does not do, each with the file, to be told to whoever runs it.
  std::vector<std::string> notes;

  // What it is for, as recipes say it: "translation".
  const std::string& task() const;

  // The module as what it is. Error (failure): it is something else.
  template <typename T>
  T& as() const {
    auto* model = dynamic_cast<T*>(module.get());
    if (model == nullptr) {
      fail_as_another();
    }
    return *model;
  }
  Generator& generator() const { return as<Generator>(); }
  Encoder& encoder() const { return as<Encoder>(); }
  // Hands the module over.
  template <typename T>
  std::unique_ptr<T> release() {
    T& model = as<T>();
    static_cast<void>(module.release());
    return std::unique_ptr<T>(&model);
  }

 private:
  [[noreturn]] void fail_as_another() const;
};

// Loads a run directory (its best, else its last model) or a model directory. Nothing is copied
// where the file has float32 in order.
//
// `running`: what the model is going to run in (ForwardContext::precision), if all it does is run.
// With bfloat16 and int8 the weights of linear maps are kept in that type, at half or a quarter of
// the memory and with the same results to the bit, since products round them anyway; what is no
// operand of such products (norms, biases, tables of embeddings) stays float32. Such a model takes
// products of this precision alone, does not learn, and is not saved. With float32, and on the
// reference device, the weights stay as they are.
//
// Errors name the file, the key or the tensor: input_output
// (missing), bad_data (damaged, inconsistent, of a family that heed does not know, written by an
// older heed, or sizes that the weights do not fill).
LoadedModel load_model(const std::filesystem::path& directory, Device device = cpu_device,
                       MatmulPrecision running = MatmulPrecision::float32);

// The kind of the model that the directory holds, without loading it. Errors as for load_model.
const ModelKind& model_kind_in(const std::filesystem::path& directory);

// The files of a checkpoint of training besides the weights, which lie there in float32 under our
// own names: a model directory that heed reads, and others where they have the same names.
// save_model() writes one for as many as can read such a model.
ModelFiles training_files(const Module& module, const TokenizerPair& tokenizers,
                          const TextSymbols& symbols, const DecodingConfig& decoding);

// How a model is written.
struct SavedForm {
  DType weights = DType::float32;  // what they are rounded to: also bfloat16, float16
  std::string family = {};         // model_type; empty: the first that can express the model
};

// Writes a whole model directory, created if missing; the weights come last, so that a directory
// with them is complete. Errors: input_output; usage: a model that keeps weights in bfloat16, a
// family that cannot express it, weights too large for float16.
void save_model(Module& module, const TokenizerPair& tokenizers, const TextSymbols& symbols,
                const DecodingConfig& decoding, const std::filesystem::path& directory,
                const SavedForm& form = {});

// The mean of the weights of several models, summed in float64 in their order, by our own names:
// the files may differ in layout. All the rest is the first's. Errors: those of load_model;
// bad_data: models whose tensors differ in name or shape, or whose tokenizers differ.
LoadedModel average_models(std::span<const std::filesystem::path> directories);

}  // namespace heed
