// For the tests of heed attend and heads: a small random translator of bytes, and its commands.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/heed/command_line.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"
#include "heed/models/translator.h"
#include "heed/text/byte_tokenizer.h"

namespace heed::app {

class HeadCommands : public testing::Test {
 protected:
  struct Outcome {
    int code = 0;  // the exit code, or that of the error
    std::string output, message;
  };

  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
    directory() =
        std::filesystem::temp_directory_path() / ("heed-heads-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory());
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    TranslatorConfig config;
    config.d_model = 24;
    config.encoder_layers = 2;
    config.decoder_layers = 2;
    config.heads = 3;
    config.feed_forward_size = 24;
    config.max_length = 20;
    const int size = tokenizer->size();
    Translator model(config, {size, size, symbols_for(tokenizers)});
    initialize_parameters(model, 5);
    for (const NamedTensor& item : stored_tensors_of(model)) {
      if (item.name == "model.encoder.layers.1.self_attn.out_proj.weight") {
        item.tensor.columns(8, 16).fill(0);  // its second head says nothing
      }
    }
    DecodingConfig decoding;
    decoding.beam = 2;
    decoding.max_length = 8;
    save_model(model, tokenizers, symbols_for(tokenizers), decoding, path("model"));
    write_file(path("source"), "one\ntwo\n three words here\n");
    write_file(path("reference"), "eins\nzwei\ndrei\n");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory()); }

  static std::filesystem::path& directory() {
    static std::filesystem::path path;
    return path;
  }
  static std::string path(const std::string& name) { return (directory() / name).string(); }

  static Outcome run(std::vector<std::string> words, const std::string& model = "model") {
    words.insert(words.begin(), "heed");
    words.insert(words.end(), {"--model", path(model), "--threads", "2"});
    std::vector<const char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(word.c_str());
    }
    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      outcome.code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    } catch (const Error& error) {
      outcome.code = exit_code(error.kind());
      outcome.message = error.what();
    }
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.message += testing::internal::GetCapturedStderr();
    return outcome;
  }
  static Outcome attend(const std::string& out, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"attend", "abc", "--target", "xy", "--output", path(out)};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  static Outcome heads(std::vector<std::string> more, const std::string& model = "model") {
    std::vector<std::string> words = {"heads", "--source", path("source"), "--reference",
                                      path("reference")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, model);
  }
};

}  // namespace heed::app
