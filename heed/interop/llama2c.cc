// Checkpoints of llama2.c (https://github.com/karpathy/llama2.c, version 0): seven integers, then
// the weights in float32, seen as a LlamaForCausalLM of Transformers. The tokenizer lies beside
// them: tok….bin or tokenizer.bin.
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/interop/llama2c_tokenizer.h"
#include "heed/interop/model_source.h"
#include "heed/interop/rotary_rows.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

struct Llama2cSizes {
  std::int64_t width, inner, layers, heads, key_heads, vocabulary, length;
  bool tied;
  std::int64_t head_size() const { return width / heads; }
};

constexpr std::uint64_t header_bytes = 7 * sizeof(std::int32_t);

Llama2cSizes sizes_of(const MappedFile& file, const std::string& source) {
  const std::span<const std::byte> bytes = file.bytes();
  check_data(bytes.size() >= header_bytes, "{}: {} bytes, fewer than the header of llama2.c",
             source, bytes.size());
  std::array<std::int32_t, 7> numbers;
  std::memcpy(numbers.data(), bytes.data(), header_bytes);
  const bool tied = numbers[5] > 0;
  if (!tied) {
    numbers[5] = numbers[5] == std::numeric_limits<std::int32_t>::min() ? 0 : -numbers[5];
  }
  for (const std::int32_t number : numbers) {
    check_data(number > 0 && number <= 1 << 24,
               "{}: its header says {}: no checkpoint of llama2.c, version 0", source, number);
  }
  const auto [width, inner, layers, heads, key_heads, vocabulary, length] = numbers;
  check_data(
      width % heads == 0 && heads % key_heads == 0 && width / heads % 2 == 0 && layers <= 4096,
      "{}: its header says width {}, {} heads, {} of keys, {} layers, which do not fit "
      "together",
      source, width, heads, key_heads, layers);
  return {width, inner, layers, heads, key_heads, vocabulary, length, tied};
}

// Where a tensor lies.
struct Llama2cPlace {
  std::uint64_t begin;
  Shape shape;
  bool turned;  // its rows are turned by rotary positions
};

class Llama2cTensors : public TensorSource {
 public:
  Llama2cTensors(std::shared_ptr<const MappedFile> file, fs::path path, const Llama2cSizes& sizes)
      : file_(std::move(file)), path_(std::move(path)), head_size_(sizes.head_size()) {
    lay_out(sizes);
    check_data(place_ == file_->bytes().size(), "{}: has {} bytes, where its header asks for {}",
               path_.string(), file_->bytes().size(), place_);
  }

  const std::vector<std::string>& names() const override { return names_; }
  Tensor tensor(std::string_view name) const override {
    const auto found = places_.find(name);
    check_data(found != places_.end(), "{}: has no tensor {}", path_.string(), quoted_name(name));
    const Llama2cPlace& place = found->second;
    const Tensor tensor = tensor_over_mapping(file_, place.begin, place.shape, DType::float32, {},
                                              {.file = path_, .name = name});
    return place.turned ? rows_in_halves(tensor, head_size_) : tensor;
  }
  const fs::path& path_of(std::string_view) const override { return path_; }
  const fs::path& place() const override { return path_; }
  std::uint64_t number_count() const override { return file_->bytes().size() / sizeof(float); }

 private:
  void lay_out(const Llama2cSizes& sizes) {
    const std::int64_t d = sizes.width, keys = sizes.key_heads * sizes.head_size();
    add("model.embed_tokens", {sizes.vocabulary, d});
    add_layers(sizes, "input_layernorm", {d});
    add_layers(sizes, "self_attn.q_proj", {d, d}, true);
    add_layers(sizes, "self_attn.k_proj", {keys, d}, true);
    add_layers(sizes, "self_attn.v_proj", {keys, d});
    add_layers(sizes, "self_attn.o_proj", {d, d});
    add_layers(sizes, "post_attention_layernorm", {d});
    add_layers(sizes, "mlp.gate_proj", {sizes.inner, d});
    add_layers(sizes, "mlp.down_proj", {d, sizes.inner});
    add_layers(sizes, "mlp.up_proj", {sizes.inner, d});
    add("model.norm", {d});
    // Cosines and sines of its positions, which are computed here.
    skip(Shape({2, sizes.length, sizes.head_size() / 2}));
    if (!sizes.tied) {
      add("lm_head", {sizes.vocabulary, d});
    }
  }

  void add_layers(const Llama2cSizes& sizes, const char* name, const Shape& shape,
                  bool turned = false) {
    for (std::int64_t layer = 0; layer < sizes.layers; ++layer) {
      add(fmt::format("model.layers.{}.{}", layer, name), shape, turned);
    }
  }
  void add(const std::string& name, const Shape& shape, bool turned = false) {
    names_.push_back(name + ".weight");
    places_.emplace(names_.back(), Llama2cPlace{place_, shape, turned});
    skip(shape);
  }
  // Sizes are below 2²⁴ and layers few: sums of their products stay below 2⁶³.
  void skip(const Shape& shape) {
    place_ += static_cast<std::uint64_t>(shape.element_count()) * sizeof(float);
  }

  std::shared_ptr<const MappedFile> file_;
  fs::path path_;
  std::int64_t head_size_;
  std::uint64_t place_ = header_bytes;
  std::vector<std::string> names_;
  std::map<std::string, Llama2cPlace, std::less<>> places_;
};

Json config_of(const Llama2cSizes& sizes) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_size", sizes.width},
          {"intermediate_size", sizes.inner},
          {"num_hidden_layers", sizes.layers},
          {"num_attention_heads", sizes.heads},
          {"num_key_value_heads", sizes.key_heads},
          {"rms_norm_eps", 1e-5},
          {"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 10000.0}}},
          {"max_position_embeddings", sizes.length},
          {"tie_word_embeddings", sizes.tied},
          {"vocab_size", sizes.vocabulary},
          {"bos_token_id", 1},
          {"eos_token_id", {2, 1}}};
}

bool is_tokenizer(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("tok") && path.extension() == ".bin";
}

// The only file of a directory that is, or is not, a tokenizer; empty: none or several.
fs::path only_file(const fs::path& directory, bool tokenizer) {
  std::error_code error;
  fs::path found;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".bin" && is_tokenizer(entry.path()) == tokenizer) {
      if (!found.empty()) {
        return {};
      }
      found = entry.path();
    }
  }
  return found;
}

fs::path checkpoint_of(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? only_file(path, false) : path;
}

bool is_llama2c(const fs::path& path) {
  const fs::path checkpoint = checkpoint_of(path);
  return !checkpoint.empty() && checkpoint.extension() == ".bin" &&
         checkpoint.filename() != "pytorch_model.bin" &&
         !only_file(checkpoint.parent_path(), true).empty();
}

ModelSource open_llama2c(const fs::path& path) {
  const fs::path place = checkpoint_of(path);
  const fs::path tokenizer = only_file(place.parent_path(), true);
  const auto file = std::make_shared<const MappedFile>(place);
  const Llama2cSizes sizes = sizes_of(*file, place.string());
  return {.place = place,
          .config = config_of(sizes),
          .config_source = place.string(),
          .tokenizers = [tokenizer,
                         size = sizes.vocabulary] { return llama2c_tokenizers(tokenizer, size); },
          .tensors = [file, place, sizes](
                         Device) { return std::make_unique<Llama2cTensors>(file, place, sizes); },
          .facts =
              [file, place, sizes, tokenizer] {
                const auto count =
                    static_cast<std::int64_t>(Llama2cTensors(file, place, sizes).names().size());
                return ModelFileFacts{.format = "llama2.c",
                                      .details = {{"tokenizer_file", tokenizer.string()}},
                                      .bytes = file->bytes().size(),
                                      .tensor_types = {{"float32", count}}};
              }};
}

}  // namespace

ModelFormat llama2c_format() {
  return {.name = "llama2.c", .recognises = is_llama2c, .open = open_llama2c};
}

}  // namespace heed
