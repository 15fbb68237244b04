// Families of models: the layouts in which other programs, and heed itself, keep a model.
//
// A family is a table: what config.json calls it, which of heed's models it is, where each of that
// model's tensors lies in their files, and how the configuration is translated in both directions.
// To add one: a file x.cc with its function, and its line in model_family.cc. Everything here is
// constant and may be used from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/base/json_forward.h"

namespace heed {

// What has to be done to a stored tensor before it is one of ours.
enum class Form : std::uint8_t {
  as_is,
  transposed,  // [in, out] where ours is [out, in]
};

// Where a tensor of ours lies in their file.
struct Place {
  std::string name;  // "h.*.attn.c_attn.weight": * is one component of ours, in order
  Form form = Form::as_is;
  int part = 0, parts = 1;  // this share of the rows, after `form`
  int skip = 0;             // rows before ours, after `form`
};

struct NameRule {
  std::string ours;           // "decoder.layers.*.self_attn.q_proj.weight"
  std::vector<Place> theirs;  // any is read, the first is written; several: names of a tied tensor
  bool zero_if_missing = false;  // a file that leaves it out means zeros
  // Only of models that have this tensor of ours as well, with the same stars; empty: of all.
  std::string beside = {};
};

struct ModelFamily {
  // Of config.json. Several families may share one, each with the class of a head of its own: then
  // `architectures` tells them apart, and what names none of them is the first.
  std::string model_type;
  std::string kind;                        // which of heed's models: ModelKind::name
  std::vector<std::string> architectures;  // of config.json; the first is written
  // Beginnings of names that a file may have or not: "bert.". Names below are written as they stand
  // and found with the prefix or without it; those of `ignored` stand without it.
  std::vector<std::string> prefixes = {};
  // Tensors that are computed here: * is one component of a name, ** any number of them.
  std::vector<std::string> ignored = {};
  // Of every tensor of the model that the family can hold; none: our own names.
  std::vector<NameRule> names = {};

  // config.json → the section `model` of a recipe. Errors (bad_data) name `source` and the key.
  std::function<Json(const Json& config, const std::string& source)> ours;
  // The section `model` → keys of config.json; nothing: a model that this family cannot express.
  std::function<std::optional<Json>(const Json& model)> theirs;
  // What of the section keeps this family from expressing it, a sentence for each key. Null: the
  // layout is heed's own, and no other program reads it.
  std::function<std::vector<std::string>(const Json& model)> obstacles;
};

// In the order in which they are asked to express a model.
const std::vector<ModelFamily>& model_families();

// The family of a config.json. Errors (bad_data) name `source`: no model_type, or one that is not
// known.
const ModelFamily& family_of(const Json& config, const std::string& source);

// The section `model` of a config.json of this family: heed's own where it has one. Errors
// (bad_data) name `source` and the key.
Json model_section(const Json& config, const ModelFamily& family, const std::string& source);

// The first family that can express a model of this kind.
const ModelFamily& family_for(const std::string& kind, const Json& model);

// The family that is called so. Errors (usage): none of this kind, or one that cannot express the
// model; what keeps it from that is named.
const ModelFamily& family_named(const std::string& name, const std::string& kind,
                                const Json& model);

// The first of them that finds tensors under our own names and as they are, which is how training
// writes them.
const ModelFamily& training_family_for(const std::string& kind, const Json& model);

}  // namespace heed
