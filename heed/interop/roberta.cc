// RoBERTa of Transformers (Liu et al., 2019) and XLM-RoBERTa, with each of its heads: BERT's
// layers, one kind of segments, and two rows of positions that no token has.
#include "heed/base/error.h"
#include "heed/interop/encoder_families.h"
#include "heed/interop/families.h"

namespace heed {

namespace {

constexpr int first_position = 2;  // behind that of padding, 1

TextEncoderConfig roberta_section(const ConfigReader& reader) {
  check_data(reader.get("pad_token_id", 1) == 1,
             "{}: pad_token_id: heed counts positions from that of padding on, which is 1 here",
             reader.source());
  TextEncoderConfig model = read_bert_keys(reader, first_position);
  model.norm_epsilon = reader.get("layer_norm_eps", 1e-5);
  model.segments = reader.get("type_vocab_size", 1);
  model.pooler_dropout = true;
  return model;
}

Json roberta_config(const TextEncoderConfig& model) {
  Json keys = bert_keys(model, first_position);
  keys["type_vocab_size"] = 1;
  return keys;
}

std::vector<NameRule> roberta_names() {
  std::vector<NameRule> rules;
  add_bert_embeddings(rules, "roberta.", first_position, {"lm_head.decoder.weight"});
  add_bert_layers(rules, "roberta.");
  add_map(rules, "pooler", {"roberta.pooler.dense"});
  add_map(rules, "masked_head.dense", {"lm_head.dense"});
  add_map(rules, "masked_head.norm", {"lm_head.layer_norm"});
  rules.push_back(
      {.ours = "masked_head.output.weight", .theirs = {{.name = "lm_head.decoder.weight"}}});
  rules.push_back({.ours = "masked_head.output.bias",
                   .theirs = {{.name = "lm_head.bias"}, {.name = "lm_head.decoder.bias"}}});
  return rules;
}

std::vector<ModelFamily> families_called(const std::string& model_type, const std::string& name) {
  return families_of(
      {.model_type = model_type,
       .prefix = "roberta.",
       .classes = {{.architecture = name + "Model", .pooler = "tanh"},
                   {.architecture = name + "ForMaskedLM", .masked = true, .ignored = {"pooler.**"}},
                   class_with_head(name + "ForSequenceClassification", "sequence", "tanh",
                                   "classifier.out_proj", "classifier.dense"),
                   class_with_head(name + "ForTokenClassification", "token", "none", "classifier"),
                   class_with_head(name + "ForQuestionAnswering", "question", "none", "qa_outputs"),
                   class_with_head(name + "ForMultipleChoice", "choice", "tanh", "classifier")},
       .names = roberta_names(),
       .ours = roberta_section,
       .theirs = roberta_config});
}

}  // namespace

std::vector<ModelFamily> roberta_families() {
  return families_called("roberta", "Roberta");
}

std::vector<ModelFamily> xlm_roberta_families() {
  return families_called("xlm-roberta", "XLMRoberta");
}

}  // namespace heed
