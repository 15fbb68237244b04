// The models that heed can load, whatever the layout of their files: how each is built from its
// section of a configuration. Constant tables: threads may use them at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/base/json_forward.h"
#include "heed/nn/module.h"
#include "heed/tensor/device.h"
#include "heed/text/text_symbols.h"

namespace heed {

// What the vocabularies decide of a model.
struct ModelVocabulary {
  std::int64_t source_size = 0;  // of a model with one vocabulary: the same as target_size
  std::int64_t target_size = 0;
  TextSymbols symbols;
};

// Of a new model with these tokenizers.
ModelVocabulary vocabulary_for(const TokenizerPair& tokenizers);

// All that is needed to build a model again.
struct ModelDescription {
  std::string kind;
  Json section;  // `model` of a recipe
  ModelVocabulary vocabulary;
};

struct ModelKind {
  std::string name;          // "translator"
  std::string task;          // what it is for, as recipes say it: "translation"
  std::string noun;          // "a translator"
  bool has_encoder = false;  // has a source and a target
  bool writes = true;        // a Generator; else an Encoder, which reads

  // Weights are left unset. Errors name the key.
  std::unique_ptr<Module> (*build)(const ModelDescription& model, Device device);
  // Nothing: a module of another kind.
  std::optional<ModelDescription> (*describe)(const Module& module);
  // A lower bound of how many numbers the weights are.
  std::uint64_t (*least_numbers)(const ModelDescription& model);
};

const std::vector<ModelKind>& model_kinds();
// Error (failure): no such kind.
const ModelKind& model_kind(const std::string& name);
// Error (failure): a module that no kind builds.
ModelDescription description_of(const Module& module);

}  // namespace heed
