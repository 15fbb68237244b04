// heed evaluate --text: what a language model is worth on a text.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "heed/data/text_blocks.h"

namespace heed::app {

struct EvaluateTextOptions {
  std::string text;
  TextForm form;
  bool document_mask = false;
  std::optional<std::int64_t> window, stride;
  bool json = false;

  bool is_asked() const { return !text.empty(); }
};

// --text, --window, --stride, --documents, --json-key, --document-mask, --json. Returns --text.
CLI::Option* add_evaluate_text_options(CLI::App& command, EvaluateTextOptions& options);

// Prints the measures; how long it took goes to standard error.
void run_evaluate_text(const EvaluateTextOptions& options, const std::string& model,
                       const std::string& precision, int threads);

}  // namespace heed::app
