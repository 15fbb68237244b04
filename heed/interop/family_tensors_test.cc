// A family whose files differ from our models in all that a family can differ in: names, prefixes,
// matrices the other way round, q, k and v in one, rows before ours.
#include "heed/interop/family_tensors.h"

#include "heed/formats/sharded_safetensors.h"

#include <gmock/gmock.h>

#include "heed/base/error.h"
#include "heed/interop/name_pattern.h"
#include "heed/interop/test_directory.h"
#include "heed/kernels/kernel.h"

namespace heed {
namespace {

using testing::HasSubstr;

// Names as GPT-2 has them, and two rows before its positions, as OPT has them.
ModelFamily other_family() {
  ModelFamily family{.model_type = "other", .kind = "language_model", .architectures = {}};
  family.prefixes = {"transformer."};
  family.ignored = {"h.*.attn.bias", "**.rotary.inv_freq"};
  family.names = {{.ours = "model.decoder.embed_tokens.weight",
                   .theirs = {{.name = "wte.weight"}, {.name = "lm_head.weight"}}},
                  {.ours = "model.decoder.embed_positions.weight",
                   .theirs = {{.name = "wpe.weight", .skip = 2}}},
                  {.ours = "lm_head.bias", .theirs = {{.name = "bias"}}, .zero_if_missing = true}};
  const std::string ours = "model.decoder.layers.*.", theirs = "h.*.";
  const auto add = [&](const std::string& our, const std::string& their, int part, int parts) {
    const bool norm = our.ends_with("norm");
    family.names.push_back({ours + our + ".weight",
                            {{.name = theirs + their + ".weight",
                              .form = norm ? Form::as_is : Form::transposed,
                              .part = part,
                              .parts = parts}}});
    family.names.push_back(
        {ours + our + ".bias", {{.name = theirs + their + ".bias", .part = part, .parts = parts}}});
  };
  add("self_attn.q_proj", "attn.c_attn", 0, 3);
  add("self_attn.k_proj", "attn.c_attn", 1, 3);
  add("self_attn.v_proj", "attn.c_attn", 2, 3);
  add("self_attn.out_proj", "attn.c_proj", 0, 1);
  add("self_attn_layer_norm", "ln_1", 0, 1);
  add("final_layer_norm", "ln_2", 0, 1);
  add("fc1", "mlp.c_fc", 0, 1);
  add("fc2", "mlp.c_proj", 0, 1);
  return family;
}

class FamilyTensors : public ModelDirectoryTest {
 protected:
  FamilyTensors() : model_(make()) {
    initialize_parameters(model_, 4);
    for (const NamedParameter& item : parameters_of(model_)) {
      if (item.parameter->initial == Initial::zeros && item.name != "lm_head.bias") {
        item.parameter->value.fill(0.5);
      }
    }
    tensors_ = family_tensors(family_, model_);
    std::filesystem::create_directories(directory_);
  }

  LanguageModel make() const {
    LanguageModelConfig config = small_language_model_config();
    config.position.kind = "learned";
    config.position.trained_length = 6;
    return LanguageModel(config, 30);
  }

  void write(const std::string& prefix) const {
    std::vector<NamedTensor> tensors = tensors_;
    for (NamedTensor& item : tensors) {
      item.name = prefix + item.name;
    }
    write_weights(tensors);
  }
  LanguageModel read() const {
    LanguageModel model = make();
    read_family_tensors(family_, SafetensorsModel(directory_), model,
                        *context_for(cpu_device).pool);
    return model;
  }
  std::string problem() const {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      return error.what();
    }
    return "none";
  }

  ModelFamily family_ = other_family();
  LanguageModel model_;
  std::vector<NamedTensor> tensors_;
};

TEST_F(FamilyTensors, AreWrittenAsTheFamilyHasThem) {
  std::map<std::string, Tensor> written;
  for (const NamedTensor& item : tensors_) {
    written[item.name] = item.tensor;
  }
  EXPECT_EQ(written.size(), 3u + 2 * 12);
  EXPECT_EQ(written.at("h.1.attn.c_attn.weight").shape(), Shape({8, 24}));
  EXPECT_EQ(written.at("h.1.attn.c_attn.bias").shape(), Shape({24}));
  EXPECT_EQ(written.at("h.0.mlp.c_fc.weight").shape(), Shape({8, 12}));
  EXPECT_EQ(written.at("wpe.weight").shape(), Shape({8, 8}));
  // Column 8 + 3 of q, k and v side by side is row 3 of k.
  const auto whole = written.at("h.1.attn.c_attn.weight").to_doubles();
  for (const NamedTensor& item : stored_tensors_of(model_)) {
    if (item.name == "model.decoder.layers.1.self_attn.k_proj.weight") {
      const auto k = item.tensor.to_doubles();
      EXPECT_EQ(whole[5 * 24 + 8 + 3], k[3 * 8 + 5]);
    }
  }
}

TEST_F(FamilyTensors, ComeBackAsTheyWere) {
  for (const char* prefix : {"", "transformer."}) {
    write(prefix);
    LanguageModel back = read();
    expect_same(model_, back);
  }
}

TEST_F(FamilyTensors, WhatTheFamilyAllowsIsAllowed) {
  std::erase_if(tensors_, [](const NamedTensor& item) { return item.name == "bias"; });
  tensors_.push_back({"h.0.attn.bias", Tensor::zeros({1, 1, 4, 4})});
  tensors_.push_back({"h.0.attn.rotary.inv_freq", Tensor::zeros({4})});
  for (NamedTensor& item : tensors_) {
    item.name = item.name == "wte.weight" ? "lm_head.weight" : item.name;
  }
  write("");
  LanguageModel back = read();
  expect_same(model_, back);
}

TEST_F(FamilyTensors, WhatItDoesNotIsNamed) {
  const std::vector<NamedTensor> sound = tensors_;
  tensors_.push_back({"h.2.attn.c_attn.weight", Tensor::zeros({8, 24})});
  write("");
  EXPECT_THAT(problem(), HasSubstr("\"h.2.attn.c_attn.weight\" has no place"));
  tensors_ = sound;
  tensors_.push_back({"transformer.wte.weight", Tensor::zeros({30, 8})});
  write("");
  EXPECT_THAT(problem(), HasSubstr("which are one tensor"));
  const auto with_shape = [&](const std::string& name, const Shape& shape) {
    tensors_ = sound;
    for (NamedTensor& item : tensors_) {
      item.tensor = item.name == name ? Tensor::zeros(shape) : item.tensor;
    }
    write("");
    return problem();
  };
  // The other way round, as a linear layer has it.
  EXPECT_THAT(with_shape("h.0.attn.c_attn.weight", {24, 8}),
              HasSubstr("shape [8, 24], expected rows in 3 equal parts"));
  EXPECT_THAT(with_shape("h.0.mlp.c_fc.weight", {12, 8}),
              HasSubstr("\"h.0.mlp.c_fc.weight\" (model.decoder.layers.0.fc1.weight in the model) "
                        "has shape [8, 12], the model wants [12, 8]"));
  EXPECT_THAT(with_shape("h.0.mlp.c_fc.weight", {96}), HasSubstr("expected a matrix"));
  EXPECT_THAT(with_shape("wpe.weight", {1, 8}), HasSubstr("expected more than 2 rows"));
}

TEST_F(FamilyTensors, AFamilyWithoutANameForATensorSaysSo) {
  std::erase_if(family_.names, [](const NameRule& rule) { return rule.ours == "lm_head.bias"; });
  EXPECT_THROW(family_tensors(family_, model_), Error);
  write("");
  EXPECT_THAT(problem(), HasSubstr("a model of type other has no tensor for \"lm_head.bias\""));
}

TEST(NamePattern, MatchesWholeComponents) {
  const auto stars = [](const char* pattern, const char* name) {
    return match_name(pattern, name);
  };
  using Stars = std::vector<std::string>;
  EXPECT_EQ(stars("h.*.attn", "h.11.attn"), Stars({"11"}));
  EXPECT_EQ(stars("*.b.*", "a.b.c"), Stars({"a", "c"}));
  EXPECT_EQ(stars("h.*.attn", "h.attn"), std::nullopt);
  EXPECT_EQ(stars("h.*.attn", "h.1.attn.bias"), std::nullopt);
  EXPECT_EQ(stars("h.*", "h.1.attn"), std::nullopt);
  EXPECT_EQ(stars("bias", "bias"), Stars());
  EXPECT_EQ(stars("**.bias", "a.b.bias"), Stars());
  EXPECT_EQ(stars("**.bias", "bias"), Stars());
  EXPECT_EQ(stars("**.*.bias", "a.b.bias"), Stars({"b"}));
  EXPECT_EQ(stars("**.bias", "a.bias.weight"), std::nullopt);
  EXPECT_EQ(fill_pattern("h.*.x.*", {"1", "2"}), "h.1.x.2");
  EXPECT_THROW(fill_pattern("h.*", {}), Error);
}

}  // namespace
}  // namespace heed
