#include "heed/interop/encoder_families.h"

#include <algorithm>
#include <map>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/activation_names.h"
#include "heed/interop/expressible.h"

namespace heed {

namespace {

constexpr int most_labels = 1 << 20;

// id2label, or as many as num_labels says, or two.
std::vector<std::string> read_labels(const ConfigReader& reader) {
  std::map<int, std::string> labels;
  if (reader.has("id2label")) {
    const Json& json = reader.json().at("id2label");
    check_data(json.is_object(), "{}: id2label: expected names by number", reader.source());
    for (const auto& [key, name] : json.items()) {
      const bool number = !key.empty() && key.size() < 8 &&
                          key.find_first_not_of("0123456789") == std::string::npos;
      check_data(number && name.is_string(), "{}: id2label: unexpected \"{}\"", reader.source(),
                 key);
      labels[std::stoi(key)] = name.get<std::string>();
    }
  } else {
    const int count = reader.get("num_labels", 2);
    check_data(count > 0 && count <= most_labels, "{}: num_labels: {} is outside 1 … {}",
               reader.source(), count, most_labels);
    for (int i = 0; i < count; ++i) {
      labels[i] = "LABEL_" + std::to_string(i);
    }
  }
  check_data(!labels.empty() && labels.rbegin()->first + 1 == static_cast<int>(labels.size()),
             "{}: id2label: expected the numbers from 0 on, each with its name", reader.source());
  std::vector<std::string> names;
  for (auto& [number, name] : labels) {
    names.push_back(std::move(name));
  }
  return names;
}

std::string read_problem(const ConfigReader& reader, std::size_t labels) {
  const auto problem = reader.get<std::string>("problem_type", "");
  if (problem.empty()) {  // as Transformers takes it
    return labels == 1 ? "regression" : "single_label";
  }
  check_data(problem == "regression" || problem == "single_label_classification" ||
                 problem == "multi_label_classification",
             "{}: problem_type '{}' is not known", reader.source(), problem);
  return problem == "regression" ? problem : problem.substr(0, problem.rfind('_'));
}

HeadConfig read_head(const ConfigReader& reader, const std::string& kind,
                     const TextEncoderConfig& model) {
  HeadConfig head{.kind = kind};
  if (kind == "sequence" || kind == "token") {
    head.labels = read_labels(reader);
  }
  if (kind == "sequence") {
    head.problem = read_problem(reader, head.labels.size());
  }
  const char* key =
      reader.has("seq_classif_dropout") ? "seq_classif_dropout" : "classifier_dropout";
  const double dropout = reader.get(key, model.dropout);
  head.dropout = dropout == model.dropout ? -1 : dropout;
  return head;
}

Json head_keys(const HeadConfig& head, const TextEncoderConfig& model) {
  Json keys = {{"classifier_dropout", head.dropout < 0 ? model.dropout : head.dropout}};
  if (!head.labels.empty()) {
    keys["id2label"] = keys["label2id"] = Json::object();
    for (std::size_t i = 0; i < head.labels.size(); ++i) {
      keys["id2label"][std::to_string(i)] = head.labels[i];
      keys["label2id"][head.labels[i]] = i;
    }
  }
  if (head.kind == "sequence") {
    keys["problem_type"] =
        head.problem == "regression" ? head.problem : head.problem + "_classification";
  }
  return keys;
}

// With the heads of the class.
void set_heads(const EncoderClass& type, TextEncoderConfig& model) {
  model.pooler = type.pooler;
  model.masked_head = type.masked;
  model.next_sentence_head = type.next_sentence;
  model.detection_head = type.detection;
}

Json section_of_class(const EncoderFamily& family, const EncoderClass& type, const Json& config,
                      const std::string& source) {
  const ConfigReader reader(config, source);
  HeadedEncoderConfig model;
  static_cast<TextEncoderConfig&>(model) = family.ours(reader);
  set_heads(type, model);
  if (type.head.empty()) {
    return config_to_json(static_cast<const TextEncoderConfig&>(model));
  }
  model.head = read_head(reader, type.head, model);
  return config_to_json(model);
}

HeadedEncoderConfig config_of_section(const EncoderClass& type, const Json& section) {
  HeadedEncoderConfig model;
  if (type.head.empty()) {
    static_cast<TextEncoderConfig&>(model) = config_from_json<TextEncoderConfig>(section, "model");
  } else {
    model = config_from_json<HeadedEncoderConfig>(section, "model");
  }
  return model;
}

Json keys_of_class(const EncoderFamily& family, const EncoderClass& type,
                   const HeadedEncoderConfig& model) {
  Json keys = family.theirs(model);
  if (!type.head.empty()) {
    keys.update(head_keys(model.head, model));
  }
  return keys;
}

std::vector<std::string> obstacles_of_class(const EncoderFamily& family, const EncoderClass& type,
                                            const Json& section) {
  const HeadedEncoderConfig model = config_of_section(type, section);
  Json keys = keys_of_class(family, type, model);
  HeadedEncoderConfig plain =
      config_of_section(type, section_of_class(family, type, keys, "model"));
  copy_training_choices(model, plain);
  plain.pooler_dropout = model.pooler_dropout;
  plain.head.dropout = model.head.dropout;
  if (!model.masked_head) {  // there is nothing to tie
    plain.tie_embeddings = model.tie_embeddings;
  }
  const auto json = [&](const HeadedEncoderConfig& config) {
    return type.head.empty() ? config_to_json(static_cast<const TextEncoderConfig&>(config))
                             : config_to_json(config);
  };
  return differences_from(json(model), json(plain));
}

std::string kind_for(const std::string& head) {
  return head.empty()         ? "encoder"
         : head == "token"    ? "token_classifier"
         : head == "question" ? "question_answerer"
         : head == "choice"   ? "choice_model"
                              : "text_classifier";
}

}  // namespace

EncoderClass class_with_head(const std::string& architecture, const std::string& head,
                             const std::string& pooler, const std::string& map,
                             const std::string& pooler_map) {
  EncoderClass type{.architecture = architecture, .head = head, .pooler = pooler};
  add_map(type.names, "head", {map});
  if (!pooler_map.empty()) {
    add_map(type.names, "pooler", {pooler_map});
  }
  return type;
}

std::vector<ModelFamily> families_of(const EncoderFamily& family) {
  std::vector<ModelFamily> result;
  for (const EncoderClass& type : family.classes) {
    ModelFamily made{.model_type = family.model_type,
                     .kind = kind_for(type.head),
                     .architectures = {type.architecture},
                     .prefixes = {family.prefix}};
    made.ignored = type.ignored;
    made.ignored.push_back("embeddings.position_ids");
    made.ignored.push_back("embeddings.token_type_ids");
    made.names = type.names;
    made.names.insert(made.names.end(), family.names.begin(), family.names.end());
    made.ours = [family, type](const Json& config, const std::string& source) {
      return section_of_class(family, type, config, source);
    };
    made.theirs = [family, type](const Json& section) -> std::optional<Json> {
      if (!obstacles_of_class(family, type, section).empty()) {
        return std::nullopt;
      }
      return keys_of_class(family, type, config_of_section(type, section));
    };
    made.obstacles = [family, type](const Json& section) {
      return obstacles_of_class(family, type, section);
    };
    result.push_back(std::move(made));
  }
  return result;
}

void add_map(std::vector<NameRule>& rules, const std::string& ours,
             const std::vector<std::string>& theirs) {
  for (const char* part : {".weight", ".bias"}) {
    NameRule rule{.ours = ours + part};
    for (const std::string& name : theirs) {
      rule.theirs.push_back({.name = name + part});
    }
    rules.push_back(std::move(rule));
  }
}

namespace {

// A norm, which old files call by other names.
void add_norm(std::vector<NameRule>& rules, const std::string& ours, const std::string& theirs) {
  rules.push_back({.ours = ours + ".weight",
                   .theirs = {{.name = theirs + ".weight"}, {.name = theirs + ".gamma"}}});
  rules.push_back(
      {.ours = ours + ".bias", .theirs = {{.name = theirs + ".bias"}, {.name = theirs + ".beta"}}});
}

}  // namespace

void add_bert_layers(std::vector<NameRule>& rules, const std::string& prefix) {
  const std::string ours = "model.encoder.layers.*.", theirs = prefix + "encoder.layer.*.";
  for (const auto& [our, their] :
       {std::pair{"q_proj", "query"}, {"k_proj", "key"}, {"v_proj", "value"}}) {
    add_map(rules, ours + "self_attn." + our, {theirs + "attention.self." + their});
  }
  add_map(rules, ours + "self_attn.out_proj", {theirs + "attention.output.dense"});
  add_norm(rules, ours + "self_attn_layer_norm", theirs + "attention.output.LayerNorm");
  add_map(rules, ours + "fc1", {theirs + "intermediate.dense"});
  add_map(rules, ours + "fc2", {theirs + "output.dense"});
  add_norm(rules, ours + "final_layer_norm", theirs + "output.LayerNorm");
}

void add_bert_embeddings(std::vector<NameRule>& rules, const std::string& prefix,
                         int first_position, const std::vector<std::string>& tables) {
  const std::string theirs = prefix + "embeddings.";
  NameRule table{.ours = "model.encoder.embed_tokens.weight",
                 .theirs = {{.name = theirs + "word_embeddings.weight"}}};
  for (const std::string& name : tables) {
    table.theirs.push_back({.name = name});
  }
  rules.push_back(std::move(table));
  rules.push_back(
      {.ours = "model.encoder.embed_positions.weight",
       .theirs = {{.name = theirs + "position_embeddings.weight", .skip = first_position}}});
  rules.push_back({.ours = "model.encoder.embed_segments.weight",
                   .theirs = {{.name = theirs + "token_type_embeddings.weight"}}});
  add_norm(rules, "model.encoder.layernorm_embedding", theirs + "LayerNorm");
}

TextEncoderConfig read_bert_keys(const ConfigReader& reader, int spare_positions) {
  const auto refuse = [&](bool asked, const char* key) {
    check_data(!asked, "{}: {}: heed does not do that in an encoder", reader.source(), key);
  };
  refuse(reader.get("is_decoder", false), "is_decoder");
  refuse(reader.get("add_cross_attention", false), "add_cross_attention");
  refuse(reader.get<std::string>("position_embedding_type", "absolute") != "absolute",
         "position_embedding_type");
  TextEncoderConfig model;
  model.d_model = reader.get("hidden_size", 768);
  model.layers = reader.get("num_hidden_layers", 12);
  model.heads = reader.get("num_attention_heads", 12);
  model.feed_forward_size = reader.get("intermediate_size", 3072);
  model.activation = read_activation(reader, "hidden_act", "gelu");
  const int positions = reader.get("max_position_embeddings", 512);
  check_data(positions > spare_positions, "{}: max_position_embeddings: {} leaves no position",
             reader.source(), positions);
  model.max_length = positions - spare_positions;
  model.segments = reader.get("type_vocab_size", 2);
  model.norm_epsilon = reader.get("layer_norm_eps", 1e-12);
  model.dropout = reader.get("hidden_dropout_prob", 0.1);
  model.attention_dropout = reader.get("attention_probs_dropout_prob", 0.1);
  model.initial_deviation = reader.get("initializer_range", 0.02);
  model.tie_embeddings = reader.get("tie_word_embeddings", true) ? "output" : "none";
  return model;
}

Json bert_keys(const TextEncoderConfig& model, int spare_positions) {
  return {{"hidden_size", model.d_model},
          {"num_hidden_layers", model.layers},
          {"num_attention_heads", model.heads},
          {"intermediate_size", model.feed_forward_size},
          {"hidden_act", their_activation(model.activation).value_or("gelu")},
          {"max_position_embeddings", model.max_length + spare_positions},
          {"type_vocab_size", model.segments},
          {"layer_norm_eps", model.norm_epsilon},
          {"hidden_dropout_prob", model.dropout},
          {"attention_probs_dropout_prob", model.attention_dropout},
          {"initializer_range", model.initial == "normal" ? model.initial_deviation : 0.02},
          {"tie_word_embeddings", model.tie_embeddings != "none"}};
}

}  // namespace heed
