// Model directories of every family and task: written, loaded, averaged, and refused when damaged.
#include "heed/interop/load_model.h"

#include <gmock/gmock.h>

#include <cstring>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"
#include "heed/text/word_tokenizer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using LoadModel = ModelDirectoryTest;

TEST_F(LoadModel, ATranslatorComesBackAsItWas) {
  Translator model = translator(1);
  save(model, directory_);
  const LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.family, "marian");
  EXPECT_EQ(loaded.task(), "translation");
  EXPECT_EQ(loaded.symbols, model.vocabulary().symbols);
  EXPECT_EQ(description_of(*loaded.module).section, config_to_json(model.config()));
  EXPECT_EQ(config_to_json(loaded.as<Translator>().config()), config_to_json(model.config()));
  EXPECT_EQ(loaded.decoding.max_length, 20);
  expect_same(model, *loaded.module);
  EXPECT_THROW(loaded.as<LanguageModel>(), Error);
}

TEST_F(LoadModel, ALanguageModelComesBackAsItWas) {
  LanguageModelConfig config = small_language_model_config();
  config.norm = "pre";
  config.position.kind = "t5";
  LanguageModel model(config, tokenizers_.target->size());
  initialize_parameters(model, 3);
  save_model(model, tokenizers_, symbols_for(tokenizers_), {}, directory_);
  const LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.family, "heed-language-model");
  EXPECT_EQ(loaded.task(), "language_modelling");
  EXPECT_EQ(model_kind_in(directory_).noun, "a language model");
  expect_same(model, *loaded.module);
}

TEST_F(LoadModel, WhatMarianCannotExpressKeepsOurNames) {
  TranslatorConfig config = small_config();
  config.norm = "pre";
  Translator model = translator(1, -1, config);
  save(model, directory_);
  const LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.family, "heed-translator");
  expect_same(model, *loaded.module);
}

TEST_F(LoadModel, AnOutputLayerWithoutBiasComesBackWithoutOne) {
  for (const char* tied : {"none", "output"}) {
    TranslatorConfig config = small_config();
    config.output_bias = false;
    config.tie_embeddings = tied;
    Translator model = translator(1, -1, config);
    save(model, directory_);
    const LoadedModel loaded = load_model(directory_);
    // Marian's always has a bias.
    EXPECT_EQ(loaded.family, "heed-translator");
    EXPECT_FALSE(loaded.as<Translator>().config().output_bias);
    EXPECT_FALSE(loaded.generator().projection().bias.defined());
    expect_same(model, *loaded.module);

    LanguageModelConfig lines = small_language_model_config();
    lines.output_bias = false;
    lines.tie_embeddings = tied;
    LanguageModel writer(lines, tokenizers_.target->size());
    initialize_parameters(writer, 3);
    save_model(writer, tokenizers_, symbols_for(tokenizers_), {}, directory_);
    const LoadedModel again = load_model(directory_);
    EXPECT_FALSE(again.as<LanguageModel>().config().output_bias);
    expect_same(writer, *again.module);
  }
  // A bias in the file of a model that has none is not dropped.
  std::vector<NamedTensor> more = weights();
  more.push_back({"lm_head.bias", Tensor::zeros({tokenizers_.target->size()})});
  write_weights(more);
  EXPECT_THAT(error_of(ErrorKind::bad_data), HasSubstr("\"lm_head.bias\" has no place"));
}

// As BART's: what a text begins with is neither padding nor the end.
TEST_F(LoadModel, TheStartSymbolIsTheFiles) {
  Translator model = translator(1, /*start=*/70);
  save(model, directory_);
  LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.symbols.start, 70);
  EXPECT_EQ(loaded.symbols.padding, tokenizers_.target->pad_id());
  EXPECT_EQ(loaded.symbols.suppressed, std::vector{tokenizers_.target->pad_id()});
  // It stays so when the loaded model is saved.
  save(loaded.as<Translator>(), directory_);
  EXPECT_EQ(load_model(directory_).symbols, model.vocabulary().symbols);
  edit("config.json", [](Json& json) { json["decoder_start_token_id"] = 400; });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("decoder_start_token_id: token id 400 is outside"));
  edit("config.json", [](Json& json) {
    json.erase("decoder_start_token_id");
    json["eos_token_id"] = Json::array({3, 4});
  });
  EXPECT_EQ(load_model(directory_).symbols.start, tokenizers_.target->pad_id());
  EXPECT_EQ(load_model(directory_).symbols.end, 3);
}

TEST_F(LoadModel, ShardsAreOneModel) {
  Translator model = translator(2);
  save(model, directory_);
  const std::vector<NamedTensor> tensors = weights();
  fs::remove(directory_ / "model.safetensors");
  Json map;
  for (int shard = 0; shard < 2; ++shard) {
    const std::string name = shard == 0 ? "first.safetensors" : "second.safetensors";
    std::vector<NamedTensor> some;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      // q of a layer may lie in one file and k in the other.
      if (static_cast<int>(i % 2) == shard) {
        some.push_back(tensors[i]);
        map[tensors[i].name] = name;
      }
    }
    write_safetensors(directory_ / name, some);
  }
  write_file(directory_ / "model.safetensors.index.json", Json{{"weight_map", map}}.dump());
  const LoadedModel loaded = load_model(directory_);
  expect_same(model, *loaded.module);
  fs::remove(directory_ / "second.safetensors");
  EXPECT_THAT(error_of(ErrorKind::input_output), HasSubstr("second.safetensors"));
}

// Element i is 1 + i / 1024, for i below 512 again and again: exact in every type but bfloat16.
Tensor counted(const Shape& shape, DType dtype) {
  const Tensor result = Tensor::empty(shape, dtype == DType::float16 ? dtype : DType::float32);
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    const auto step = static_cast<std::uint16_t>(i % 512);
    if (dtype == DType::float16) {
      const auto bits = static_cast<std::uint16_t>(0x3C00 + step);
      std::memcpy(result.view().data + 2 * i, &bits, 2);
    } else {
      result.values<float>()[static_cast<std::size_t>(i)] = 1 + static_cast<float>(step) / 1024;
    }
  }
  return result.dtype() == dtype ? result : result.to(dtype);
}

TEST_F(LoadModel, OtherFloatsAreConverted) {
  Translator model = translator(2);
  save(model, directory_);
  const std::vector<NamedTensor> tensors = weights();
  for (const DType dtype : {DType::float16, DType::bfloat16, DType::float64}) {
    std::vector<NamedTensor> others;
    for (const NamedTensor& item : tensors) {
      others.push_back({item.name, counted(item.tensor.shape(), dtype)});
    }
    write_weights(others);
    const LoadedModel loaded = load_model(directory_);
    for (const NamedTensor& item : stored_tensors_of(*loaded.module)) {
      EXPECT_EQ(item.tensor.dtype(), DType::float32);
      Tensor expected = counted(item.tensor.shape(), DType::float32);
      if (dtype == DType::bfloat16) {
        expected = expected.to(dtype);
      }
      EXPECT_EQ(item.tensor.to_doubles(), expected.to_doubles()) << item.name;
    }
  }
}

TEST_F(LoadModel, TiedTensorsHaveSeveralNames) {
  Translator model = translator(2);
  save(model, directory_);
  const std::vector<NamedTensor> tensors = weights();
  const auto renamed = [&](const std::vector<std::string>& names) {
    std::vector<NamedTensor> result;
    for (const NamedTensor& item : tensors) {
      if (item.name == "model.shared.weight") {
        for (const std::string& name : names) {
          result.push_back({name, item.tensor.clone()});
        }
      } else if (item.name != "final_logits_bias") {  // which may be missing: zeros
        result.push_back(item);
      }
    }
    return result;
  };
  for (const char* name : {"lm_head.weight", "model.encoder.embed_tokens.weight",
                           "model.decoder.embed_tokens.weight"}) {
    write_weights(renamed({name}));
    const LoadedModel loaded = load_model(directory_);
    expect_same(model, *loaded.module);
  }
  std::vector<NamedTensor> twice = renamed({"model.shared.weight", "lm_head.weight"});
  twice.push_back({"model.encoder.embed_positions.weight", Tensor::zeros({20, 8})});
  write_weights(twice);
  const LoadedModel loaded = load_model(directory_);
  expect_same(model, *loaded.module);
  for (const NamedTensor& item : twice) {
    if (item.name == "lm_head.weight") {
      item.tensor.rows(3, 4).fill(7);
    }
  }
  write_weights(twice);
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("\"model.shared.weight\" and \"lm_head.weight\" differ"));
}

TEST_F(LoadModel, WhatDoesNotFitIsNamed) {
  Translator model = translator(2);
  save(model, directory_);
  const std::vector<NamedTensor> sound = weights();
  std::vector<NamedTensor> more = sound;
  more.push_back({"model.encoder.layers.1.fc1.bias", Tensor::zeros({12})});
  write_weights(more);
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("\"model.encoder.layers.1.fc1.bias\" has no place in this model"));
  std::vector<NamedTensor> changed;
  for (const NamedTensor& item : sound) {
    changed.push_back(item.name == "model.decoder.layers.1.fc1.weight"
                          ? NamedTensor{item.name, Tensor::zeros({8, 12})}
                          : item);
  }
  write_weights(changed);
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("\"model.decoder.layers.1.fc1.weight\" has shape [8, 12], the model wants "
                        "[12, 8]"));
  std::erase_if(changed, [](const NamedTensor& item) {
    return item.name == "model.decoder.layers.1.fc1.weight";
  });
  write_weights(changed);
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              HasSubstr("has no tensor \"model.decoder.layers.1.fc1.weight\""));
  fs::remove(directory_ / "model.safetensors");
  EXPECT_THAT(error_of(ErrorKind::input_output), HasSubstr("model.safetensors"));
}

TEST_F(LoadModel, DamagedConfigurationsAreNamed) {
  Translator model = translator(2);
  save(model, directory_);
  const Json sound = Json::parse(read_file(directory_ / "config.json"));
  const auto problem = [&](auto change) {
    edit("config.json", [&](Json& json) {
      json = sound;
      change(json);
    });
    return error_of(ErrorKind::bad_data);
  };
  EXPECT_THAT(problem([](Json& json) { json["heed"]["heads"] = 3; }),
              HasSubstr("config.json: model.d_model: 8 is not divisible"));
  EXPECT_THAT(problem([](Json& json) { json["heed"]["feed_forward_size"] = 1 << 30; }),
              HasSubstr("weights, more than the"));
  EXPECT_THAT(problem([](Json& json) {
                json.erase("heed");
                json["encoder_layers"] = 1 << 30;
              }),
              HasSubstr("weights, more than the"));
  EXPECT_THAT(problem([](Json& json) { json["vocab_size"] = 258; }),
              HasSubstr("but the tokenizers have 259"));
  EXPECT_THAT(problem([](Json& json) { json["vocab_size"] = "many"; }), HasSubstr("vocab_size"));
  EXPECT_THAT(problem([](Json& json) { json["model_type"] = 7; }), HasSubstr("model_type"));
  EXPECT_THAT(problem([](Json& json) { json["model_type"] = "fairseq"; }),
              HasSubstr("model_type \"fairseq\": heed knows marian"));
  EXPECT_THAT(problem([](Json& json) { json["heed"]["widths"] = 3; }), HasSubstr("an older heed"));
  EXPECT_THAT(problem([](Json& json) {
                json["model_type"] = "heed-translator";
                json.erase("heed");
              }),
              HasSubstr("'heed' is missing"));
}

TEST_F(LoadModel, ModelsOfOtherTokensAreNotAveraged) {
  const auto words = [](const std::vector<std::string>& list) {
    const auto side = std::make_shared<const WordTokenizer>(
        Vocabulary::with_specials(list, "words"), WordRules());
    return TokenizerPair{side, side, true};
  };
  const std::vector<fs::path> directories = {directory_ / "a", directory_ / "b"};
  const std::vector<TokenizerPair> pairs = {words({"x", "y"}), words({"y", "x"})};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const int size = pairs[i].source->size();
    Translator model(small_config(), {size, size, symbols_for(pairs[i])});
    initialize_parameters(model, i);
    save_model(model, pairs[i], symbols_for(pairs[i]), {}, directories[i]);
  }
  EXPECT_NO_THROW(average_models(std::vector<fs::path>{directories[0], directories[0]}));
  try {
    average_models(directories);
    FAIL() << "averaged";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_THAT(error.what(), HasSubstr("has other tokenizers than"));
  }
}

TEST_F(LoadModel, TheAverageIsByOurOwnNames) {
  Translator first = translator(1), second = translator(2);
  save(first, directory_ / "first");
  save(second, directory_ / "second");
  const std::vector<fs::path> both = {directory_ / "first", directory_ / "second"};
  const LoadedModel mean = average_models(both);
  const auto a = stored_tensors_of(first), b = stored_tensors_of(second);
  const auto got = stored_tensors_of(*mean.module);
  ASSERT_EQ(got.size(), a.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto x = a[i].tensor.to_doubles(), y = b[i].tensor.to_doubles();
    const auto z = got[i].tensor.to_doubles();
    for (std::size_t j = 0; j < z.size(); ++j) {
      EXPECT_EQ(z[j], static_cast<float>((x[j] + y[j]) / 2)) << got[i].name;
    }
  }
  // Another layout of the same weights changes nothing: the tied table under its other name.
  const fs::path file = directory_ / "second" / "model.safetensors";
  std::vector<NamedTensor> tensors;
  {
    const SafetensorsFile stored(file);
    for (const SafetensorsEntry& entry : stored.entries()) {
      tensors.push_back({entry.name == "model.shared.weight" ? "lm_head.weight" : entry.name,
                         stored.tensor(entry.name).to(DType::float64)});
    }
  }
  write_safetensors(file, tensors);
  LoadedModel again = average_models(both);
  expect_same(*mean.module, *again.module);
  TranslatorConfig wider = small_config();
  wider.feed_forward_size = 16;
  Translator third = translator(3, -1, wider);
  save(third, directory_ / "second");
  try {
    average_models(both);
    ADD_FAILURE() << "averaged models of different sizes";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("fc1.weight"));
  }
}

}  // namespace
}  // namespace heed
