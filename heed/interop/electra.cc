// ELECTRA of Transformers (Clark et al., 2020) with each of its heads: BERT's layers, embeddings of
// their own width, and a discriminator that tells replaced tokens.
#include "heed/interop/encoder_families.h"
#include "heed/interop/families.h"

namespace heed {

namespace {

TextEncoderConfig electra_section(const ConfigReader& reader) {
  TextEncoderConfig model = read_bert_keys(reader, 0);
  model.d_model = reader.get("hidden_size", 256);
  model.heads = reader.get("num_attention_heads", 4);
  model.feed_forward_size = reader.get("intermediate_size", 1024);
  model.embedding_size = reader.get("embedding_size", 128);
  model.pooler_dropout = true;
  return model;
}

Json electra_config(const TextEncoderConfig& model) {
  Json keys = bert_keys(model, 0);
  keys["embedding_size"] = embedding_width(model);
  return keys;
}

std::vector<NameRule> electra_names() {
  std::vector<NameRule> rules;
  add_bert_embeddings(rules, "electra.", 0, {"generator_lm_head.weight"});
  add_map(rules, "model.encoder.embed_widening", {"electra.embeddings_project"});
  add_bert_layers(rules, "electra.");
  add_map(rules, "masked_head.dense", {"generator_predictions.dense"});
  add_map(rules, "masked_head.norm", {"generator_predictions.LayerNorm"});
  add_map(rules, "masked_head.output", {"generator_lm_head"});
  add_map(rules, "detection_head.dense", {"discriminator_predictions.dense"});
  add_map(rules, "detection_head.score", {"discriminator_predictions.dense_prediction"});
  return rules;
}

}  // namespace

std::vector<ModelFamily> electra_families() {
  return families_of(
      {.model_type = "electra",
       .prefix = "electra.",
       .classes = {{.architecture = "ElectraModel"},
                   {.architecture = "ElectraForPreTraining", .detection = true},
                   {.architecture = "ElectraForMaskedLM", .masked = true},
                   class_with_head("ElectraForSequenceClassification", "sequence", "gelu",
                                   "classifier.out_proj", "classifier.dense"),
                   class_with_head("ElectraForTokenClassification", "token", "none", "classifier"),
                   class_with_head("ElectraForQuestionAnswering", "question", "none", "qa_outputs"),
                   class_with_head("ElectraForMultipleChoice", "choice", "gelu", "classifier",
                                   "sequence_summary.summary")},
       .names = electra_names(),
       .ours = electra_section,
       .theirs = electra_config});
}

}  // namespace heed
