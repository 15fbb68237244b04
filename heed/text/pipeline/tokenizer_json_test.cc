#include "heed/text/pipeline/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/base/test_linear_time.h"
#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const Tokenizer> load_files(const ModelFiles& files) {
  return load_tokenizers(TokenizerFiles(files, "model")).source;
}

std::string refusal_of(const ModelFiles& files) {
  try {
    load_files(files);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    return error.what();
  }
  return "accepted";
}

Json variant_json(const std::string& name) {
  const Json variant = read_tokenizer_fixture("variants.json")[name];
  Json json = variant["json"];
  json["model"] = read_tokenizer_fixture("models.json")[variant["model"].get<std::string>()];
  json["model"].update(variant["changes"]);
  return json;
}

Json small_json() {
  return parse_json(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2},
                        "merges": ["a b"]}})",
                    "small");
}

TEST(TokenizerJson, NamesWhatItDoesNotKnow) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"normalizer", "Nmt"},
      {"pre_tokenizer", "UnicodeScripts"},
      {"decoder", "CTC"},
      {"post_processor", "PairProcessing"},
  };
  for (const auto& [section, type] : cases) {
    Json json = small_json();
    json[section] = {{"type", type}};
    EXPECT_THAT(refusal_of({{"tokenizer.json", json.dump()}}),
                HasSubstr(std::string("model/tokenizer.json: ") + section + ": the type '" + type +
                          "' is not supported"));
  }
  Json json = small_json();
  json["model"]["type"] = "Morfessor";
  EXPECT_THAT(refusal_of({{"tokenizer.json", json.dump()}}),
              HasSubstr("model: the type 'Morfessor' is not supported"));
}

TEST(TokenizerJson, RefusesWhatContradictsItself) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "has no model"},
      {R"([])", "has no model"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}})",
       "the id 0 belongs to both \"a\" and \"b\""},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}})", "duplicate key"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 4294967295}, "merges": []}})", "is outside"},
      {R"({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})", "is outside"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a c"]}})",
       "joins \"a\" and \"c\", which are not both in the vocabulary"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a"]}})",
       "makes \"aa\", which is not in the vocabulary"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}})", "expected two pieces"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b", "c"]]}})",
       "expected two pieces"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}})", "dropout"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "<unk>"}})",
       "the unknown piece \"<unk>\""},
      {R"({"model": {"type": "BPE", "vocab": {"\ud800": 0}, "merges": []}})", "invalid JSON"},
      {R"({"model": {"type": "BPE", "vocab": {}, "merges": []}})", "an empty vocabulary"},
      {R"({"model": {"type": "Unigram", "vocab": [["a", 0], ["a", 1]], "unk_id": 0}})",
       "occurs twice"},
      {R"({"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1}})", "unk_id 1"},
      {R"({"model": {"type": "Unigram", "vocab": [["a", 1e30]], "unk_id": 0}})", "the score"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": 0}}})", "the unknown piece \"[UNK]\""},
      {R"({"added_tokens": [{"id": 0, "content": "x"}],
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "the id 0 of \"x\" belongs to \"a\""},
      {R"({"added_tokens": [{"id": 5, "content": "a"}],
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "\"a\" has the id 5 here and 0 in the model"},
      {R"({"added_tokens": [{"id": 4000000, "content": "x"}],
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "leaves too many ids unused"},
      {R"({"post_processor": {"type": "BertProcessing", "sep": ["a", 0], "cls": ["b", 9]},
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "the id 9 is outside"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated"},
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "the regular expression (( is not supported"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Sideways"},
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "behavior: 'Sideways' is unknown"},
      {R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAA"},
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "not in base64"},
      {R"({"normalizer": {"type": "Strip", "strip_left": 1, "strip_right": true},
           "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
       "strip_left: expected true or false, got 1"},
  };
  for (const auto& [json, expected] : cases) {
    const std::string refusal = refusal_of({{"tokenizer.json", json}});
    EXPECT_THAT(refusal, HasSubstr(expected)) << json;
    EXPECT_THAT(refusal, HasSubstr("model/tokenizer.json")) << json;
  }
}

TEST(TokenizerJson, AnExpressionThatTakesForeverIsAnError) {
  Json json = small_json();
  json["pre_tokenizer"] = {{"type", "Split"}, {"behavior", "Isolated"}};
  json["pre_tokenizer"]["pattern"]["Regex"] = "(a+)+$";
  const auto tokenizer = load_files({{"tokenizer.json", json.dump()}});
  EXPECT_THAT(tokenizer->encode("ab"), ElementsAre(2));
  EXPECT_THROW(tokenizer->encode(std::string(60, 'a') + "b"), Error);
}

TEST(TokenizerJson, StepsThatMakeTextGrowWithoutEndAreAnError) {
  Json json = small_json();
  Json steps = Json::array();
  for (int i = 0; i < 40; ++i) {
    steps.push_back({{"type", "Replace"}, {"content", std::string(100, 'a')}});
    steps.back()["pattern"]["String"] = "a";
  }
  json["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
  const auto tokenizer = load_files({{"tokenizer.json", json.dump()}});
  EXPECT_THAT(tokenizer->encode("b"), ElementsAre(1));
  EXPECT_THROW(tokenizer->encode("a"), Error);
}

TEST(TokenizerJson, SpecialIdsComeFromTheSettings) {
  Json json = small_json();
  json["added_tokens"] = parse_json(
      R"([{"id": 3, "content": "<eot>", "special": true}, {"id": 5, "content": "<p>"}])", "added");
  const Json config = parse_json(
      R"({"tokenizer_class": "FancyTokenizer", "eos_token": {"content": "<eot>"},
          "bos_token": "<eot>", "add_bos_token": true, "unk_token": "<eot>"})",
      "config");
  const ModelFiles files = {{"tokenizer.json", json.dump()},
                            {"tokenizer_config.json", config.dump()},
                            {"special_tokens_map.json", R"({"pad_token": "<p>"})"}};
  const auto tokenizer = load_files(files);
  EXPECT_EQ(tokenizer->size(), 6);
  EXPECT_EQ(tokenizer->end_id(), 3);
  EXPECT_EQ(tokenizer->begin_id(), 3);
  EXPECT_EQ(tokenizer->pad_id(), 5);
  EXPECT_EQ(tokenizer->unknown_id(), -1);
  EXPECT_THAT(tokenizer->encode_marked("ab<eot><p>"), ElementsAre(2, 3, 5));
  EXPECT_THAT(tokenizer->encode("<p>ab<eot>"), ElementsAre(5, 2));  // the rest is in no piece
  EXPECT_EQ(tokenizer->piece(4), "");
  EXPECT_EQ(tokenizer->decode(std::vector{2, 4, 3, 0}), "ab a");
  // Files are kept as they were.
  const ModelFiles saved = tokenizer_files({tokenizer, tokenizer, true});
  EXPECT_EQ(saved.at("tokenizer.json"), files.at("tokenizer.json"));
  EXPECT_EQ(saved.at("tokenizer_config.json"), files.at("tokenizer_config.json"));
}

TEST(TokenizerJson, MergesMayBeTextOrPairs) {
  Json json = small_json();
  const auto text = load_files({{"tokenizer.json", json.dump()}});
  json["model"]["merges"] = Json::array({Json::array({"a", "b"})});
  const auto pairs = load_files({{"tokenizer.json", json.dump()}});
  for (const char* line : {"ab", "aab", "bbabab", ""}) {
    EXPECT_EQ(text->encode(line), pairs->encode(line));
  }
  EXPECT_THAT(pairs->encode("aab"), ElementsAre(0, 2));
}

TEST(VocabularyAndMerges, RefuseDamagedLines) {
  const std::string vocab = R"({"a": 0, "b": 1, "ab": 2, "</s>": 3})";
  const auto refusal = [&](const std::string& merges) {
    return refusal_of({{"vocab.json", vocab}, {"merges.txt", merges}});
  };
  EXPECT_EQ(refusal("#version: 0.2\na b\n"), "accepted");
  EXPECT_EQ(refusal("a b\r\n"), "accepted");
  EXPECT_THAT(refusal("a b\n\na b\n"), HasSubstr("model/merges.txt: merge 2: expected two pieces"));
  EXPECT_THAT(refusal("a b b\n"), HasSubstr("expected two pieces"));
  EXPECT_THAT(refusal(" ab\n"), HasSubstr("expected two pieces"));
  EXPECT_THAT(refusal("a c\n"), HasSubstr("merge 1 joins \"a\" and \"c\""));
  EXPECT_THAT(refusal("a \xFF\n"), HasSubstr("invalid UTF-8 at byte 2"));
  const ModelFiles files = {{"vocab.json", vocab}, {"merges.txt", "a b\n"}};
  EXPECT_EQ(load_files(files)->end_id(), 3);
}

TEST(VocabularyAndMerges, HaveTokensBesideThem) {
  ModelFiles files = {
      {"vocab.json", R"({"a": 0, "b": 1, "ab": 2})"},
      {"merges.txt", "a b\n"},
      {"tokenizer_config.json", R"({"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder":
          {"3": {"content": "<|im_end|>", "special": true}, "4": {"content": "<tool>"}},
          "eos_token": "<|im_end|>", "add_bos_token": false})"}};
  const auto tokenizer = load_files(files);
  EXPECT_EQ(tokenizer->size(), 5);
  EXPECT_EQ(tokenizer->end_id(), 3);
  EXPECT_FALSE(tokenizer->begin_id());
  EXPECT_THAT(tokenizer->encode_marked("ab<|im_end|><tool>"), ElementsAre(2, 3, 4));
  EXPECT_THAT(tokenizer->encode("ab<tool>"), ElementsAre(2, 4));
  for (const std::string id : {"x", "-1", "9", "1", "99999999999999999999"}) {
    files["tokenizer_config.json"] =
        R"({"added_tokens_decoder": {")" + id + R"(": {"content": "<t>"}}})";
    EXPECT_THAT(refusal_of(files), HasSubstr("model/tokenizer_config.json: added_tokens_decoder"))
        << id;
  }
}

TEST(TokenizerJson, WhatTheSettingsSayOfTheBeginningCounts) {
  const Json json = variant_json("bert");
  const auto begin = [&](const std::string& config) {
    return load_files({{"tokenizer.json", json.dump()}, {"tokenizer_config.json", config}})
        ->begin_id();
  };
  EXPECT_EQ(begin("{}"), 2);
  EXPECT_EQ(begin(R"({"add_bos_token": false})"), std::nullopt);
  EXPECT_EQ(begin(R"({"add_bos_token": true, "bos_token": "[MASK]"})"), 4);
}

TEST(TokenizerJson, TakesLinearTime) {
  for (const char* name : {"gpt2", "llama2", "t5", "bert", "llama3"}) {
    const auto tokenizer = load_files({{"tokenizer.json", variant_json(name).dump()}});
    expect_linear_time(
        name, [&](const std::string& line) { tokenizer->decode(tokenizer->encode_marked(line)); });
  }
}

}  // namespace
}  // namespace heed
