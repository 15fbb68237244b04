// For the tests of commands: a small random translator of bytes, and what commands print.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "apps/heed/command_line.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/interop/load_model.h"
#include "heed/models/translator.h"
#include "heed/text/byte_tokenizer.h"

namespace heed::app {

class CommandModelTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
    directory() = std::filesystem::temp_directory_path() /
                  ("heed-command-model-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory());
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    TranslatorConfig config;
    config.d_model = 16;
    config.encoder_layers = 1;
    config.decoder_layers = 1;
    config.heads = 2;
    config.feed_forward_size = 24;
    config.max_length = 20;
    config.tie_embeddings = "none";
    const int size = tokenizer->size();
    Translator model(config, {size, size, symbols_for(tokenizers)});
    initialize_parameters(model, 5);
    DecodingConfig decoding;
    decoding.beam = 3;
    decoding.max_length = 10;
    save_model(model, tokenizers, symbols_for(tokenizers), decoding, directory() / "model");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory()); }

  static std::filesystem::path& directory() {
    static std::filesystem::path path;
    return path;
  }
  static std::string file(const std::string& name, const std::string& content) {
    write_file(directory() / name, content);
    return (directory() / name).string();
  }

  static std::string model() { return (directory() / "model").string(); }

  // The lines that a command that computes with the model prints.
  static std::vector<std::string> run(std::vector<std::string> words) {
    words.insert(words.end(), {"--model", model(), "--threads", "2"});
    return run_line(std::move(words));
  }
  static std::vector<std::string> run_line(std::vector<std::string> words) {
    words.insert(words.begin(), "heed");
    std::vector<const char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(word.c_str());
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    std::string thrown;
    try {
      EXPECT_EQ(run_command_line(static_cast<int>(arguments.size()), arguments.data()), 0);
    } catch (const Error& error) {
      thrown = error.what();
    }
    std::istringstream output(testing::internal::GetCapturedStdout());
    messages() = testing::internal::GetCapturedStderr() + thrown;
    std::vector<std::string> lines;
    for (std::string line; std::getline(output, line);) {
      lines.push_back(line);
    }
    return lines;
  }
  // What the last command said besides, its error included.
  static std::string& messages() {
    static std::string text;
    return text;
  }
};

}  // namespace heed::app
