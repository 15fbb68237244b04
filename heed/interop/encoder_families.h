// What the families of encoders share: the same model below the heads of several classes, each a
// ModelFamily with the same model_type (BertModel, BertForMaskedLM, BertForTokenClassification …).
//
// Thread-safety: functions from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/model_family.h"
#include "heed/models/headed_encoder.h"

namespace heed {

// One class of a family.
struct EncoderClass {
  std::string architecture;  // "BertForMaskedLM"
  std::string head;          // of HeadConfig; empty: an encoder without a task
  std::string pooler = "none";
  bool masked = false, next_sentence = false, detection = false;
  std::vector<std::string> ignored = {};  // tensors that Transformers passes over, too
  std::vector<NameRule> names = {};       // that this class has apart from the others
};

// A class with a task's head, whose linear map they call `map`; `pooler_map`: their name of a
// pooler that is this class's alone.
EncoderClass class_with_head(const std::string& architecture, const std::string& head,
                             const std::string& pooler, const std::string& map,
                             const std::string& pooler_map = "");

struct EncoderFamily {
  std::string model_type;
  std::string prefix;  // "bert."
  std::vector<EncoderClass> classes;
  std::vector<NameRule> names;  // of all classes
  // The keys of the encoder itself, without heads; and back, what comes closest.
  TextEncoderConfig (*ours)(const ConfigReader& reader);
  Json (*theirs)(const TextEncoderConfig& model);
};

// A ModelFamily for each class.
std::vector<ModelFamily> families_of(const EncoderFamily& family);

// Rules with the same names but for ".weight" and ".bias".
void add_map(std::vector<NameRule>& rules, const std::string& ours,
             const std::vector<std::string>& theirs);
// The layers of BERT, RoBERTa and ELECTRA: `theirs` is what stands before "encoder.layer.".
void add_bert_layers(std::vector<NameRule>& rules, const std::string& theirs);
void add_bert_embeddings(std::vector<NameRule>& rules, const std::string& theirs,
                         int first_position, const std::vector<std::string>& tables);

// The keys that BERT, RoBERTa and ELECTRA share. `spare_positions`: rows before the first position.
TextEncoderConfig read_bert_keys(const ConfigReader& reader, int spare_positions);
Json bert_keys(const TextEncoderConfig& model, int spare_positions);

}  // namespace heed
