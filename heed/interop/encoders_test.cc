// Encoders that Transformers saved, with each of their heads, give here what they give there
// (tests/data/encoders, made by tools/make_encoder_model_fixtures.py), and are saved as they were.
#include <gmock/gmock.h>

#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"
#include "heed/models/headed_encoder.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Encoders : public ModelDirectoryTest, public testing::WithParamInterface<std::string> {
 protected:
  void copy(const std::string& name) { fs::copy(folder() / name, directory_); }
  static fs::path folder() { return fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "encoders"; }
};

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry :
       fs::directory_iterator(fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "encoders")) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Tensor ids_in(const Json& ids) {
  return Tensor::from_values<std::int32_t>(ids.get<std::vector<std::int32_t>>(),
                                           {static_cast<std::int64_t>(ids.size())});
}

std::vector<double> flat(const Json& json) {
  std::vector<double> numbers;
  if (!json.is_array()) {
    return {json.get<double>()};
  }
  for (const Json& each : json) {
    const std::vector<double> inner = flat(each);
    numbers.insert(numbers.end(), inner.begin(), inner.end());
  }
  return numbers;
}

void expect_near(const Tensor& found, const Json& expected, const char* what) {
  const std::vector<double> numbers = found.to_doubles(), theirs = flat(expected);
  ASSERT_EQ(numbers.size(), theirs.size()) << what;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_NEAR(numbers[i], theirs[i], 1e-4) << what << " " << i;
  }
}

// What a model says of a text, by the names of expected.json.
void expect_same_numbers(const LoadedModel& loaded, const Json& text) {
  const std::int32_t length[] = {static_cast<std::int32_t>(text["ids"].size())};
  const Inputs inputs{.ids = ids_in(text["ids"]),
                      .segments = ids_in(text["segments"]),
                      .pixels = {},
                      .rows = make_sequences(length)};
  ForwardContext context;
  const Encoder& encoder = loaded.encoder();
  const auto states = encoder.encode(inputs, context);
  if (const auto* headed = dynamic_cast<const HeadedEncoder*>(&encoder)) {
    expect_near(headed->scores(states, context), text["values"], "scores");
    return;
  }
  const auto& model = loaded.as<TextEncoder>();
  const TextEncoderConfig& config = model.config();
  if (config.masked_head) {
    expect_near(
        ops::project(model.masked_states(states.values, context), model.masked_projection()),
        text["values"], "guesses");
  } else if (config.detection_head) {
    expect_near(model.detection_scores(states.values, context), text["values"], "detection");
  } else if (!config.next_sentence_head) {
    expect_near(states.values, text["values"], "states");
  }
  if (config.next_sentence_head) {
    expect_near(model.next_sentence_scores(model.summary(states, context), context),
                text[config.masked_head ? "next" : "values"], "next sentence");
  }
  if (text.contains("summaries")) {
    expect_near(model.summary(states, context), text["summaries"], "summaries");
  }
}

TEST_P(Encoders, GiveWhatTransformersGives) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  for (const Json& text : Json::parse(read_file(directory_ / "expected.json"))) {
    expect_same_numbers(loaded, text);
  }
}

// Another time, by heed, in the layout of the same program.
TEST_P(Encoders, AreSavedAsTheyWere) {
  copy(GetParam());
  const LoadedModel loaded = load_model(directory_);
  const fs::path saved = directory_ / "saved";
  save_model(*loaded.module, loaded.tokenizers, loaded.symbols, loaded.decoding, saved);
  const Json before = Json::parse(read_file(directory_ / "config.json"));
  Json after = Json::parse(read_file(saved / "config.json"));
  if (!GetParam().starts_with("XLM")) {  // a RoBERTa, and saved as one
    for (const char* key : {"model_type", "architectures"}) {
      EXPECT_EQ(after.at(key), before.at(key)) << key;
    }
  }
  for (const char* key : {"vocab_size", "pad_token_id", "id2label", "problem_type"}) {
    if (after.contains(key) && before.contains(key)) {
      EXPECT_EQ(after.at(key), before.at(key)) << key;
    }
  }
  after.erase("heed");
  write_file(saved / "config.json", after.dump());
  const LoadedModel again = load_model(saved);
  EXPECT_EQ(description_of(*again.module).section, description_of(*loaded.module).section);
  EXPECT_EQ(again.symbols, loaded.symbols);
  EXPECT_EQ(again.task(), loaded.task());
  expect_same(*loaded.module, *again.module);
}

INSTANTIATE_TEST_SUITE_P(All, Encoders, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

using OneEncoder = Encoders;

TEST_F(OneEncoder, HeadsHaveTheirLabelsAndTasks) {
  copy("BertForSequenceClassification");
  LoadedModel loaded = load_model(directory_);
  EXPECT_EQ(loaded.task(), "text_classification");
  const HeadConfig& head = loaded.as<HeadedEncoder>().config().head;
  EXPECT_THAT(head.labels, testing::ElementsAre("no", "yes", "perhaps"));
  EXPECT_EQ(head.problem, "multi_label");
  EXPECT_EQ(head.dropout, -1);
}

// As the first files of BERT were, and those of sentence-transformers are.
TEST_F(OneEncoder, OldNamesAreRead) {
  copy("BertModel");
  std::vector<NamedTensor> tensors = weights();
  for (NamedTensor& item : tensors) {
    if (const auto at = item.name.find("LayerNorm.weight"); at != std::string::npos) {
      item.name = "bert." + item.name.substr(0, at) + "LayerNorm.gamma";
    }
  }
  tensors.push_back({"embeddings.position_ids", Tensor::zeros({1, 12}, DType::float32)});
  write_weights(tensors);
  const LoadedModel loaded = load_model(directory_);
  for (const Json& text : Json::parse(read_file(directory_ / "expected.json"))) {
    expect_same_numbers(loaded, text);
  }
}

TEST_F(OneEncoder, WhatHeedCannotDoIsRefused) {
  copy("BertForSequenceClassification");
  const auto refused = [&](const char* key, const Json& value) {
    const Json before = Json::parse(read_file(directory_ / "config.json"));
    edit("config.json", [&](Json& json) { json[key] = value; });
    std::string message = error_of(ErrorKind::bad_data);
    edit("config.json", [&](Json& json) { json = before; });
    return message;
  };
  EXPECT_THAT(refused("position_embedding_type", "relative_key"),
              HasSubstr("position_embedding_type"));
  EXPECT_THAT(refused("is_decoder", true), HasSubstr("is_decoder"));
  EXPECT_THAT(refused("problem_type", "ranking"), HasSubstr("problem_type 'ranking'"));
  EXPECT_THAT(refused("id2label", {{"0", "a"}, {"2", "b"}}), HasSubstr("id2label"));
  EXPECT_THAT(refused("id2label", {{"0", "a"}, {"x", "b"}}), HasSubstr("id2label"));
  EXPECT_THAT(refused("id2label", {{"0", "a"}, {"1", "b"}}), HasSubstr("classifier"));
  EXPECT_THAT(refused("hidden_size", 1 << 28), HasSubstr("weights, more than the"));
  EXPECT_THAT(refused("type_vocab_size", -4), HasSubstr("model.segments"));
  EXPECT_THAT(refused("pad_token_id", 12), HasSubstr("pad_token_id"));
  EXPECT_THAT(refused("architectures", {"BertForTokenClassification"}), HasSubstr("pooler"));
}

}  // namespace
}  // namespace heed
