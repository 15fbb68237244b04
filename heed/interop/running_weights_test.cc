// Models that are loaded to run in bfloat16 or int8: the bits of those that keep float32, at less
// memory.
#include <cstring>
#include <fstream>
#include <map>

#include "heed/backends/reference/register.h"
#include "heed/generation/generate.h"
#include "heed/interop/test_directory.h"
#include "heed/nn/generator_loss.h"

namespace heed {
namespace {

using testing::HasSubstr;

constexpr auto bf16 = MatmulPrecision::bfloat16;
constexpr auto int8 = MatmulPrecision::int8;

// What weights of linear maps are kept in.
DType type_for(MatmulPrecision running) {
  return running == bf16 ? DType::bfloat16 : DType::int8;
}

// Where linear maps are made in different ways.
template <typename Config>
std::vector<std::pair<std::string, Config>> kinds_of(const Config& plain) {
  std::map<std::string, Config> kinds = {{"plain", plain}, {"gated", plain}, {"bilinear", plain}};
  Config& gated = kinds.at("gated");
  gated.norm = "pre";
  gated.norm_kind = "rms";
  gated.activation = "swiglu";
  gated.feed_forward_bias = false;
  gated.attention.biases = "none";
  gated.attention.key_heads = 1;
  gated.position.kind = "rotary";
  gated.tie_embeddings = "none";
  Config& bilinear = kinds.at("bilinear");
  bilinear.attention.kind = "bilinear";
  bilinear.activation = "gelu";
  bilinear.tie_embeddings = "output";
  bilinear.output_bias = false;
  bilinear.position.kind = "shaw";
  return {kinds.begin(), kinds.end()};
}

std::vector<std::int32_t> random_bytes(Random& random) {
  std::vector<std::int32_t> ids(1 + random.below(12));
  for (std::int32_t& id : ids) {
    id = static_cast<std::int32_t>(4 + random.below(250));
  }
  return ids;
}

Inputs packed_rows(const std::vector<std::vector<std::int32_t>>& rows) {
  std::vector<std::int32_t> ids, lengths;
  for (const auto& row : rows) {
    ids.insert(ids.end(), row.begin(), row.end());
    lengths.push_back(static_cast<std::int32_t>(row.size()));
  }
  return {.ids = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(ids),
                                                   {static_cast<std::int64_t>(ids.size())}),
          .rows = make_sequences(lengths)};
}

class RunningWeights : public ModelDirectoryTest {
 protected:
  RunningWeights() {
    register_reference_backend();
    Random random(3);
    for (int i = 0; i < 20; ++i) {
      texts_.push_back(random_bytes(random));
    }
  }

  static TranslatorConfig wider(TranslatorConfig config) {
    config.d_model = 32;
    config.feed_forward_size = 72;
    return config;
  }
  static LanguageModelConfig wider(LanguageModelConfig config) {
    config.d_model = 32;
    config.feed_forward_size = 72;
    return config;
  }
  void save_lines(LanguageModel& model) const {
    save_model(model, tokenizers_, symbols_for(tokenizers_), {}, directory_);
  }

  // All that the loaded model in the directory says of the texts when it runs so.
  std::vector<double> answers(const LoadedModel& loaded, MatmulPrecision running) const {
    const ForwardContext context{.precision = running};
    const bool pairs = loaded.task() == "translation";
    const std::vector<std::vector<std::int32_t>> none(texts_.size());
    const Prompts prompts{.source = packed_rows(pairs ? texts_ : none),
                          .begun = packed_rows(texts_)};
    const NoGradientScope no_gradients;
    ForwardContext pass = context;
    const Generator& model = loaded.generator();
    std::vector<double> all = logits_of(model, model.hidden(prompts, pass), pass).to_doubles();
    const auto scores = sequence_log_probabilities(model, prompts, prompts.begun.ids, pass);
    all.insert(all.end(), scores.begin(), scores.end());
    for (const int beam : {1, 4}) {
      for (const auto& hypotheses : written(loaded, beam, context)) {
        for (const Hypothesis& hypothesis : hypotheses) {
          all.push_back(hypothesis.log_probability);
          all.insert(all.end(), hypothesis.tokens.begin(), hypothesis.tokens.end());
        }
      }
    }
    return all;
  }
  std::vector<std::vector<Hypothesis>> written(const LoadedModel& loaded, int beam,
                                               const ForwardContext& context) const {
    DecodingConfig config;
    config.beam = config.n_best = beam;
    config.max_length = 8;
    config.batch_sentences = 8;
    std::vector<std::vector<int>> sources;
    std::vector<Prompt> prompts;
    for (const auto& text : texts_) {
      sources.emplace_back(text.begin(), text.end());
      prompts.push_back({.source = {}, .begun = text});
    }
    if (loaded.task() == "translation") {
      return translate(loaded.generator(), sources, loaded.symbols, config, context);
    }
    return generate(loaded.generator(), prompts, {.ends = {loaded.symbols.end}}, config, context);
  }

  void expect_same_bits() const {
    const LoadedModel usual = load_model(directory_);
    EXPECT_EQ(count_kept(usual), 0);
    for (const MatmulPrecision running : {bf16, int8}) {
      const LoadedModel kept = load_model(directory_, cpu_device, running);
      EXPECT_GT(count_kept(kept), 0);
      EXPECT_EQ(answers(usual, running), answers(kept, running));
      EXPECT_EQ(count_parameters(*kept.module), count_parameters(*usual.module));
    }
  }
  static int count_kept(const LoadedModel& loaded) {
    int count = 0;
    for (const NamedTensor& item : stored_tensors_of(*loaded.module)) {
      count += item.tensor.dtype() == DType::float32 ? 0 : 1;
    }
    return count;
  }

  // As it is, rounded, or in integers half a step from what it was at most.
  static void expect_kept(const NamedTensor& got, const Tensor& exact, MatmulPrecision running) {
    const bool linear = got.name.ends_with("_proj.weight") || got.name.ends_with(".fc1.weight") ||
                        got.name.ends_with(".fc2.weight") || got.name == "lm_head.weight";
    const DType type = linear ? type_for(running) : DType::float32;
    ASSERT_EQ(got.tensor.dtype(), type) << got.name;
    if (type != DType::int8) {
      EXPECT_EQ(got.tensor.to_doubles(), exact.to(type).to_doubles()) << got.name;
      return;
    }
    ASSERT_EQ(got.tensor.size(1), exact.size(1) + 4) << got.name;
    for (std::int64_t row = 0; row < exact.size(0); ++row) {
      const std::int8_t* integers =
          got.tensor.values<std::int8_t>().data() + row * got.tensor.size(1);
      float scale = 0;
      std::memcpy(&scale, integers + exact.size(1), sizeof scale);
      for (std::int64_t i = 0; i < exact.size(1); ++i) {
        const float value =
            exact.values<float>()[static_cast<std::size_t>(row * exact.size(1) + i)];
        ASSERT_NEAR(static_cast<float>(integers[i]) * scale, value, scale * 0.501f) << got.name;
      }
    }
  }

  std::vector<std::vector<std::int32_t>> texts_;
};

TEST_F(RunningWeights, TranslateToTheSameBits) {
  for (const auto& [name, config] : kinds_of(wider(small_config()))) {
    SCOPED_TRACE(name);
    Translator model = translator(5, -1, config);
    save(model, directory_);
    expect_same_bits();
  }
}

TEST_F(RunningWeights, WriteTheSameBits) {
  for (const auto& [name, config] : kinds_of(wider(small_language_model_config()))) {
    SCOPED_TRACE(name);
    LanguageModel model(config, tokenizers_.target->size());
    initialize_parameters(model, 5);
    save_lines(model);
    expect_same_bits();
  }
}

TEST_F(RunningWeights, AreThoseOfLinearMapsAlone) {
  TranslatorConfig config = small_config();
  config.tie_embeddings = "none";
  Translator model = translator(2, -1, config);
  save(model, directory_);
  const LoadedModel usual = load_model(directory_);
  // In any order, and of any type.
  std::vector<NamedTensor> turned = weights();
  std::reverse(turned.begin(), turned.end());
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (NamedTensor& item : turned) {
      item.tensor = item.tensor.to(dtype);
    }
    write_weights(turned);
    for (const MatmulPrecision running : {bf16, int8}) {
      const LoadedModel kept = load_model(directory_, cpu_device, running);
      const auto exact = stored_tensors_of(*usual.module), got = stored_tensors_of(*kept.module);
      ASSERT_EQ(exact.size(), got.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        expect_kept(got[i], exact[i].tensor, running);
      }
    }
  }
}

TEST_F(RunningWeights, StayWhereNothingIsWonOrTheyAreNeeded) {
  Translator model = translator(2);
  save(model, directory_);
  for (const MatmulPrecision running : {bf16, int8}) {
    LoadedModel reference = load_model(directory_, reference_device, running);
    for (const NamedTensor& item : stored_tensors_of(*reference.module)) {
      EXPECT_EQ(item.tensor.dtype(), DType::float64) << item.name;
    }
    LoadedModel kept = load_model(directory_, cpu_device, running);
    // Products of float32 would not be what they are asked for.
    EXPECT_THROW(written(kept, 1, {}), Error);
    const auto elsewhere = directory_ / "again";
    try {
      save(kept.as<Translator>(), elsewhere);
      ADD_FAILURE() << "saved what has lost digits";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_THAT(error.what(), HasSubstr(running == bf16 ? "is kept in bfloat16 for running"
                                                          : "is kept in int8 for running"));
    }
    EXPECT_FALSE(std::filesystem::exists(elsewhere));
  }
}

// Of this process, the mapped file included.
std::int64_t resident_bytes() {
  std::ifstream statistics("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  statistics >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST_F(RunningWeights, TakeLessMemory) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer remembers every byte that was touched";
#endif
  TranslatorConfig config = small_config();
  config.d_model = 256;
  config.feed_forward_size = 1024;
  config.encoder_layers = config.decoder_layers = 4;
  std::int64_t bytes = 0;
  {
    Translator model = translator(1, -1, config);
    save(model, directory_);
    bytes = 4 * count_parameters(model);
  }
  ASSERT_GT(bytes, 25 << 20);
  release_cached_memory();
  const auto growth = [&](MatmulPrecision running) {
    const std::int64_t before = resident_bytes();
    const LoadedModel loaded = load_model(directory_, cpu_device, running);
    return resident_bytes() - before;
  };
  // What was copied of the mapped file is given back, all that is float32 is read for its checksum.
  EXPECT_GT(growth(MatmulPrecision::float32), bytes * 9 / 10);
  EXPECT_LT(growth(bf16), bytes * 65 / 100);
  EXPECT_LT(growth(int8), bytes * 35 / 100);
}

}  // namespace
}  // namespace heed
