// Directories of sentence-transformers (Reimers & Gurevych, "Sentence-BERT", 2019): an encoder as
// Transformers keeps it, and what becomes of its states, in modules.json and files beside it.
//
// Thread-safety: functions from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "heed/base/model_files.h"

namespace heed {

// How a text becomes one vector.
struct SentenceSettings {
  std::string pooling = "mean";  // see pool()
  bool normalise = false;        // to length 1
  std::int64_t longest = 0;      // tokens of a text, special ones included; 0: all that fit
  bool lowercase = false;        // before the tokenizer has its say
  bool operator==(const SentenceSettings&) const = default;
};

// What modules.json and the files that it names say; nothing: the directory has none. What the
// tokenizer's own files ask for in padding and truncation does not count, as there. Errors
// (bad_data) name the file: modules that heed does not do (Dense, LSTM …), several poolings at
// once; input_output: a file that is missing.
std::optional<SentenceSettings> read_sentence_settings(const std::filesystem::path& directory);

// Where the encoder lies: the directory itself, or the one in it that modules.json names.
std::filesystem::path sentence_encoder_directory(const std::filesystem::path& directory);

// The files of such a directory beside those of the model, by their paths in it. `width`: of the
// states.
ModelFiles sentence_files(const SentenceSettings& settings, std::int64_t width);

}  // namespace heed
