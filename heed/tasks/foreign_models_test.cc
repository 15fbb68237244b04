// Models in the files of other programs: GGUF (tests/data/gguf, made by
// tools/make_gguf_fixtures.py) and llama2.c (needs HEED_DATA, a directory with models/stories260K
// in it).
#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "heed/formats/numpy.h"
#include "heed/interop/test_directory.h"
#include "heed/tasks/text_writer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// [tokens, vocabulary]
std::vector<double> logits_after(const LoadedModel& loaded, const Tensor& ids) {
  const std::int32_t length[] = {static_cast<std::int32_t>(ids.size(0))};
  const Prompts prompts{
      .source = {},
      .begun = {.ids = ids, .segments = {}, .pixels = {}, .rows = make_sequences(length)}};
  ForwardContext context;
  return logits_of(loaded.generator(), loaded.generator().hidden(prompts, context), context)
      .to_doubles();
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], 1e-4) << i;
  }
}

class Gguf : public ModelDirectoryTest {
 protected:
  Gguf() { fs::copy(fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "gguf", directory_); }
  Tensor expected(const char* name) const { return read_npy(directory_ / name); }
};

TEST_F(Gguf, GivesWhatTransformersGives) {
  for (const fs::path& path : {directory_, directory_ / "model.gguf"}) {
    const LoadedModel loaded = load_model(path);
    EXPECT_EQ(loaded.family, "llama");
    EXPECT_EQ(loaded.symbols.start, 1);
    EXPECT_EQ(loaded.symbols.end, 2);
    expect_near(logits_after(loaded, expected("ids.npy")), expected("logits.npy").to_doubles());
  }
}

// As a directory of Transformers: the same model, its rows of queries and keys in that order.
TEST_F(Gguf, IsSavedAsTransformersHasIt) {
  const LoadedModel loaded = load_model(directory_ / "model.gguf");
  save_model(*loaded.module, loaded.tokenizers, loaded.symbols, loaded.decoding,
             directory_ / "saved");
  const LoadedModel again = load_model(directory_ / "saved");
  EXPECT_EQ(again.family, "llama");
  EXPECT_EQ(again.symbols, loaded.symbols);
  expect_near(logits_after(again, expected("ids.npy")), expected("logits.npy").to_doubles());
  const std::string text = "the  theater in 東京\n\tthe";
  EXPECT_EQ(again.tokenizers.target->encode(text), loaded.tokenizers.target->encode(text));
}

TEST_F(Gguf, WhatIsCutOffOrAnotherArchitectureIsRefused) {
  const std::string whole = read_file(directory_ / "model.gguf");
  const auto refusal = [&](const std::string& bytes) {
    write_file(directory_ / "model.gguf", bytes);
    return error_of(ErrorKind::bad_data);
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{20}, std::size_t{900},
                                 whole.size() / 2, whole.size() - 200}) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("model.gguf")) << size;
  }
  std::string other = whole;
  const std::size_t place = other.find("general.architecture");
  other.replace(other.find("llama", place), 5, "lemma");
  EXPECT_THAT(refusal(other), HasSubstr("general.architecture lemma: heed knows llama"));
  other = whole;
  other.replace(other.find("blk.1.attn_v"), 12, "blk.1.attn_w");
  EXPECT_THAT(refusal(other), HasSubstr("model.layers.1.self_attn.v_proj.weight"));
}

TEST_F(Gguf, AFileThatIsNoModelIsSaid) {
  write_file(directory_ / "weights.pt", "PK");
  try {
    load_model(directory_ / "weights.pt");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input_output);
    EXPECT_THAT(error.what(), HasSubstr("are pickles"));
  }
  write_file(directory_ / "model.safetensors", "");
  try {
    load_model(directory_ / "model.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("holds weights alone; name its directory"));
  }
}

class Stories : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("HEED_DATA");
    if (data == nullptr) {
      GTEST_SKIP() << "HEED_DATA is not set: needs a directory with models/stories260K in it";
    }
    register_cpu_backend();
    folder_ = fs::path(data) / "models" / "stories260K";
  }

  fs::path folder_;
};

// The logits that llama2.c gives after each of the tokens that it was fed.
TEST_F(Stories, GiveWhatLlama2cGives) {
  const LoadedModel loaded = load_model(folder_);
  for (const int number : {0, 1, 2, 3}) {
    const std::string name = "ref" + std::to_string(number);
    std::istringstream words(read_file(folder_ / (name + ".tokens.txt")));
    std::vector<std::int32_t> ids;
    for (std::int32_t id; words >> id;) {
      ids.push_back(id);
    }
    ASSERT_EQ(ids.size(), 64u);
    const std::string bytes = read_file(folder_ / (name + ".logits.f32"));
    std::vector<float> expected(bytes.size() / sizeof(float));
    std::memcpy(expected.data(), bytes.data(), bytes.size());
    expect_near(logits_after(loaded, Tensor::from_values<std::int32_t>(ids, {64})),
                {expected.begin(), expected.end()});
  }
}

// "### ref1 prompt: "…"" and on the following lines what is written after it.
TEST_F(Stories, WriteWhatLlama2cWrites) {
  const LoadedModel loaded = load_model(folder_);
  std::istringstream lines(read_file(folder_ / "greedy_expected.txt"));
  std::string line, prompt, expected;
  int checked = 0;
  const auto check_text = [&] {
    if (expected.empty()) {
      return;
    }
    TextWriter writer({loaded.generator(), loaded.tokenizers, loaded.symbols},
                      {.max_tokens = 70, .temperature = 0});
    const std::string text = prompt + writer.write(std::vector<std::string>{prompt})[0][0].text;
    EXPECT_EQ(text.substr(0, expected.size() - 1) + "\n", expected) << prompt;
    ++checked;
  };
  while (std::getline(lines, line)) {
    if (line.starts_with("### ")) {
      check_text();
      const std::size_t begin = line.find('"') + 1;
      prompt = line.substr(begin, line.rfind('"') - begin);
      expected.clear();
    } else {
      expected += line + "\n";
    }
  }
  check_text();
  EXPECT_EQ(checked, 4);
}

TEST_F(Stories, WhatDoesNotFitTogetherIsRefused) {
  const fs::path copy = fs::path(testing::TempDir()) / "heed_stories";
  fs::create_directories(copy);
  const std::string whole = read_file(folder_ / "stories260K.bin");
  write_file(copy / "tok512.bin", read_file(folder_ / "tok512.bin"));
  const auto refusal = [&](std::string bytes) {
    write_file(copy / "model.bin", bytes);
    try {
      load_model(copy);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(refusal(whole), "none");
  EXPECT_THAT(refusal(whole.substr(0, 20)), HasSubstr("fewer than the header"));
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 4)), HasSubstr("where its header asks for"));
  std::string other = whole;
  other[12] = 7;  // heads
  EXPECT_THAT(refusal(other), HasSubstr("7 heads, 4 of keys"));
  other = whole;
  other[11] = 127;  // layers
  EXPECT_THAT(refusal(other), HasSubstr("no checkpoint of llama2.c"));
  write_file(copy / "tok512.bin", read_file(folder_ / "tok512.bin").substr(0, 3000));
  EXPECT_THAT(refusal(whole), HasSubstr("tok512.bin: byte 2"));
  fs::remove_all(copy);
}

}  // namespace
}  // namespace heed
