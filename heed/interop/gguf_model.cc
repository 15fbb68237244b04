// Models in GGUF files, as llama.cpp runs them (architecture llama), seen as a LlamaForCausalLM of
// Transformers: its names, and rows of queries and keys in its order.
#include <fmt/format.h>

#include <map>

#include "heed/base/error.h"
#include "heed/formats/gguf.h"
#include "heed/interop/gguf_tokenizer.h"
#include "heed/interop/model_source.h"
#include "heed/interop/name_pattern.h"
#include "heed/interop/rotary_rows.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr const char* architecture = "llama";

// Names there and in Transformers' files; a star is a layer.
constexpr std::pair<const char*, const char*> gguf_names[] = {
    {"token_embd.weight", "model.embed_tokens.weight"},
    {"output_norm.weight", "model.norm.weight"},
    {"output.weight", "lm_head.weight"},
    {"blk.*.attn_norm.weight", "model.layers.*.input_layernorm.weight"},
    {"blk.*.attn_q.weight", "model.layers.*.self_attn.q_proj.weight"},
    {"blk.*.attn_k.weight", "model.layers.*.self_attn.k_proj.weight"},
    {"blk.*.attn_v.weight", "model.layers.*.self_attn.v_proj.weight"},
    {"blk.*.attn_output.weight", "model.layers.*.self_attn.o_proj.weight"},
    {"blk.*.ffn_norm.weight", "model.layers.*.post_attention_layernorm.weight"},
    {"blk.*.ffn_gate.weight", "model.layers.*.mlp.gate_proj.weight"},
    {"blk.*.ffn_up.weight", "model.layers.*.mlp.up_proj.weight"},
    {"blk.*.ffn_down.weight", "model.layers.*.mlp.down_proj.weight"}};

// One that Transformers has no name for keeps its own, which no model has a place for.
std::string transformers_name(const std::string& name) {
  for (const auto& [theirs, ours] : gguf_names) {
    if (const auto stars = match_name(theirs, name)) {
      return fill_pattern(ours, *stars);
    }
  }
  return name;
}

// The tensors of a file under Transformers' names.
class GgufTensors : public TensorSource {
 public:
  GgufTensors(std::shared_ptr<const GgufFile> file, std::int64_t head_size)
      : file_(std::move(file)), head_size_(head_size) {
    for (const GgufEntry& entry : file_->header().entries()) {
      names_.push_back(transformers_name(entry.name));
      stored_.emplace(names_.back(), entry.name);
      count_ += static_cast<std::uint64_t>(entry.shape.element_count());
    }
  }

  const std::vector<std::string>& names() const override { return names_; }
  Tensor tensor(std::string_view name) const override {
    const std::string& stored = stored_name(name);
    const Tensor tensor = file_->tensor(stored);
    const bool turned = name.ends_with("q_proj.weight") || name.ends_with("k_proj.weight");
    try {
      return turned ? rows_in_halves(tensor, head_size_) : tensor;
    } catch (const Error& error) {
      fail(error.kind(), "{}: tensor {}: {}", file_->path().string(), stored, error.what());
    }
  }
  void forget(std::string_view name) const override { file_->forget(stored_name(name)); }
  const fs::path& path_of(std::string_view) const override { return file_->path(); }
  const fs::path& place() const override { return file_->path(); }
  std::uint64_t number_count() const override { return count_; }

 private:
  const std::string& stored_name(std::string_view name) const {
    const auto found = stored_.find(name);
    check_data(found != stored_.end(), "{}: has no tensor {}", file_->path().string(), name);
    return found->second;
  }

  std::shared_ptr<const GgufFile> file_;
  std::int64_t head_size_;
  std::vector<std::string> names_;
  std::map<std::string, std::string, std::less<>> stored_;
  std::uint64_t count_ = 0;
};

std::string llama_key(const char* name) {
  return fmt::format("{}.{}", architecture, name);
}

std::int64_t head_size_of(const GgufHeader& header, const std::string& source) {
  const std::string key = llama_key("attention.key_length");
  const std::int64_t heads = header.integer(llama_key("attention.head_count"));
  check_data(heads > 0, "{}: {}: no heads", source, llama_key("attention.head_count"));
  return header.has(key) ? header.integer(key)
                         : header.integer(llama_key("embedding_length")) / heads;
}

Json rope_of(const GgufHeader& header, std::int64_t head_size, const std::string& source) {
  Json rope = {{"rope_type", "default"}, {"rope_theta", 10000.0}};
  if (header.has(llama_key("rope.freq_base"))) {
    rope["rope_theta"] = header.real(llama_key("rope.freq_base"));
  }
  if (const std::string key = llama_key("rope.dimension_count"); header.has(key)) {
    check_data(header.integer(key) == head_size, "{}: {} is {}, where heads have {} components",
               source, key, header.integer(key), head_size);
  }
  if (const std::string key = llama_key("rope.scaling.type"); header.has(key)) {
    const std::string_view type = header.text(key);
    if (type != "none") {
      rope["rope_type"] = type;
      rope["factor"] = header.real(llama_key("rope.scaling.factor"));
    }
  }
  if (const std::string key = llama_key("rope.scaling.original_context_length"); header.has(key)) {
    rope["original_max_position_embeddings"] = header.integer(key);
  }
  return rope;
}

Json config_of(const GgufFile& file) {
  const GgufHeader& header = file.header();
  const std::string source = file.path().string();
  const std::string_view found = header.text("general.architecture");
  check_data(found == architecture, "{}: general.architecture {}: heed knows {}", source, found,
             architecture);
  const std::int64_t heads = header.integer(llama_key("attention.head_count"));
  const std::int64_t head_size = head_size_of(header, source);
  const std::string key_heads = llama_key("attention.head_count_kv");
  Json config = {{"architectures", {"LlamaForCausalLM"}},
                 {"model_type", "llama"},
                 {"hidden_size", header.integer(llama_key("embedding_length"))},
                 {"intermediate_size", header.integer(llama_key("feed_forward_length"))},
                 {"num_hidden_layers", header.integer(llama_key("block_count"))},
                 {"num_attention_heads", heads},
                 {"num_key_value_heads", header.has(key_heads) ? header.integer(key_heads) : heads},
                 {"head_dim", head_size},
                 {"rms_norm_eps", header.real(llama_key("attention.layer_norm_rms_epsilon"))},
                 {"rope_parameters", rope_of(header, head_size, source)},
                 {"max_position_embeddings", header.integer(llama_key("context_length"))},
                 {"tie_word_embeddings", file.find("output.weight") == nullptr},
                 {"vocab_size", header.texts("tokenizer.ggml.tokens").size()}};
  for (const auto& [theirs, ours] :
       {std::pair{"bos", "bos_token_id"}, {"eos", "eos_token_id"}, {"padding", "pad_token_id"}}) {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", theirs);
    if (header.has(key)) {
      config[ours] = header.integer(key);
    }
  }
  return config;
}

ModelFileFacts facts_of(const GgufFile& file) {
  const GgufHeader& header = file.header();
  const auto text = [&](const char* key) {
    return header.has(key) ? std::string(header.text(key)) : std::string();
  };
  ModelFileFacts facts{.format = "GGUF",
                       .bytes = fs::file_size(file.path()),
                       .chat_template = text("tokenizer.chat_template")};
  for (const auto& [name, key] : {std::pair{"name", "general.name"},
                                  {"architecture", "general.architecture"},
                                  {"tokenizer_model", "tokenizer.ggml.model"},
                                  {"pre_tokenizer", "tokenizer.ggml.pre"}}) {
    if (std::string value = text(key); !value.empty()) {
      facts.details[name] = std::move(value);
    }
  }
  for (const GgufEntry& entry : header.entries()) {
    ++facts.tensor_types[name_of_ggml_type(static_cast<std::uint32_t>(entry.type))];
  }
  return facts;
}

ModelSource open_gguf(const fs::path& path) {
  fs::path place = path;
  if (fs::is_directory(path)) {
    place.clear();
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      if (entry.path().extension() == ".gguf") {
        check_usage(place.empty(), "{}: holds several files of GGUF: name one of them",
                    path.string());
        place = entry.path();
      }
    }
  }
  const auto file = std::make_shared<const GgufFile>(place);
  const std::string source = place.string();
  Json config = config_of(*file);
  const std::int64_t head_size = head_size_of(file->header(), source);
  return {.place = place,
          .config = std::move(config),
          .config_source = source,
          .tokenizers = [file, source] { return gguf_tokenizers(file->header(), source); },
          .tensors = [file,
                      head_size](Device) { return std::make_unique<GgufTensors>(file, head_size); },
          .facts = [file] { return facts_of(*file); }};
}

bool is_gguf(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return path.extension() == ".gguf";
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".gguf") {
      return true;
    }
  }
  return false;
}

}  // namespace

ModelFormat gguf_format() {
  return {.name = "GGUF", .recognises = is_gguf, .open = open_gguf};
}

}  // namespace heed
