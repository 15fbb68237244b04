// BERT of Transformers (Devlin et al., 2019) with each of its heads.
#include "heed/interop/encoder_families.h"
#include "heed/interop/families.h"

namespace heed {

namespace {

TextEncoderConfig bert_section(const ConfigReader& reader) {
  return read_bert_keys(reader, 0);
}

// A BERT with one kind of segments or none, or narrow embeddings, is another family's.
Json bert_config(const TextEncoderConfig& model) {
  Json keys = bert_keys(model, 0);
  keys["type_vocab_size"] = std::max(model.segments, 2);
  return keys;
}

std::vector<NameRule> bert_names() {
  std::vector<NameRule> rules;
  add_bert_embeddings(rules, "bert.", 0, {"cls.predictions.decoder.weight"});
  add_bert_layers(rules, "bert.");
  add_map(rules, "pooler", {"bert.pooler.dense"});
  add_map(rules, "masked_head.dense", {"cls.predictions.transform.dense"});
  rules.push_back({.ours = "masked_head.norm.weight",
                   .theirs = {{.name = "cls.predictions.transform.LayerNorm.weight"},
                              {.name = "cls.predictions.transform.LayerNorm.gamma"}}});
  rules.push_back({.ours = "masked_head.norm.bias",
                   .theirs = {{.name = "cls.predictions.transform.LayerNorm.bias"},
                              {.name = "cls.predictions.transform.LayerNorm.beta"}}});
  rules.push_back({.ours = "masked_head.output.weight",
                   .theirs = {{.name = "cls.predictions.decoder.weight"}}});
  rules.push_back(
      {.ours = "masked_head.output.bias",
       .theirs = {{.name = "cls.predictions.bias"}, {.name = "cls.predictions.decoder.bias"}}});
  add_map(rules, "next_sentence_head", {"cls.seq_relationship"});
  return rules;
}

}  // namespace

std::vector<ModelFamily> bert_families() {
  return families_of(
      {.model_type = "bert",
       .prefix = "bert.",
       .classes = {{.architecture = "BertModel", .pooler = "tanh"},
                   {.architecture = "BertForPreTraining",
                    .pooler = "tanh",
                    .masked = true,
                    .next_sentence = true},
                   {.architecture = "BertForMaskedLM",
                    .masked = true,
                    .ignored = {"pooler.**", "cls.seq_relationship.**"}},
                   {.architecture = "BertForNextSentencePrediction",
                    .pooler = "tanh",
                    .next_sentence = true},
                   class_with_head("BertForSequenceClassification", "sequence", "tanh",
                                   "classifier"),
                   class_with_head("BertForTokenClassification", "token", "none", "classifier"),
                   class_with_head("BertForQuestionAnswering", "question", "none", "qa_outputs"),
                   class_with_head("BertForMultipleChoice", "choice", "tanh", "classifier")},
       .names = bert_names(),
       .ours = bert_section,
       .theirs = bert_config});
}

}  // namespace heed
