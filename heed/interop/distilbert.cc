// DistilBERT of Transformers (Sanh et al., 2019) with each of its heads: BERT's layers without
// segments and pooler.
#include "heed/interop/activation_names.h"
#include "heed/interop/encoder_families.h"
#include "heed/interop/families.h"

namespace heed {

namespace {

TextEncoderConfig distilbert_section(const ConfigReader& reader) {
  TextEncoderConfig model;
  model.d_model = reader.get("dim", 768);
  model.layers = reader.get("n_layers", 6);
  model.heads = reader.get("n_heads", 12);
  model.feed_forward_size = reader.get("hidden_dim", 3072);
  model.activation = read_activation(reader, "activation", "gelu");
  model.max_length = reader.get("max_position_embeddings", 512);
  model.segments = 0;
  model.dropout = reader.get("dropout", 0.1);
  model.attention_dropout = reader.get("attention_dropout", 0.1);
  model.initial_deviation = reader.get("initializer_range", 0.02);
  model.tie_embeddings = reader.get("tie_word_embeddings", true) ? "output" : "none";
  return model;
}

Json distilbert_config(const TextEncoderConfig& model) {
  return {{"dim", model.d_model},
          {"n_layers", model.layers},
          {"n_heads", model.heads},
          {"hidden_dim", model.feed_forward_size},
          {"activation", their_activation(model.activation).value_or("gelu")},
          {"max_position_embeddings", model.max_length},
          {"dropout", model.dropout},
          {"attention_dropout", model.attention_dropout},
          {"initializer_range", model.initial == "normal" ? model.initial_deviation : 0.02},
          {"tie_word_embeddings", model.tie_embeddings != "none"}};
}

std::vector<NameRule> distilbert_names() {
  std::vector<NameRule> rules;
  add_bert_embeddings(rules, "distilbert.", 0, {"vocab_projector.weight"});
  const std::string ours = "model.encoder.layers.*.", theirs = "distilbert.transformer.layer.*.";
  for (const auto& [our, their] : {std::pair{"self_attn.q_proj", "attention.q_lin"},
                                   {"self_attn.k_proj", "attention.k_lin"},
                                   {"self_attn.v_proj", "attention.v_lin"},
                                   {"self_attn.out_proj", "attention.out_lin"},
                                   {"self_attn_layer_norm", "sa_layer_norm"},
                                   {"fc1", "ffn.lin1"},
                                   {"fc2", "ffn.lin2"},
                                   {"final_layer_norm", "output_layer_norm"}}) {
    add_map(rules, ours + our, {theirs + their});
  }
  add_map(rules, "pooler", {"pre_classifier"});
  add_map(rules, "masked_head.dense", {"vocab_transform"});
  add_map(rules, "masked_head.norm", {"vocab_layer_norm"});
  add_map(rules, "masked_head.output", {"vocab_projector"});
  return rules;
}

}  // namespace

std::vector<ModelFamily> distilbert_families() {
  return families_of(
      {.model_type = "distilbert",
       .prefix = "distilbert.",
       .classes = {{.architecture = "DistilBertModel"},
                   {.architecture = "DistilBertForMaskedLM", .masked = true},
                   class_with_head("DistilBertForSequenceClassification", "sequence", "relu",
                                   "classifier"),
                   class_with_head("DistilBertForTokenClassification", "token", "none",
                                   "classifier"),
                   class_with_head("DistilBertForQuestionAnswering", "question", "none",
                                   "qa_outputs"),
                   class_with_head("DistilBertForMultipleChoice", "choice", "relu", "classifier")},
       .names = distilbert_names(),
       .ours = distilbert_section,
       .theirs = distilbert_config});
}

}  // namespace heed
