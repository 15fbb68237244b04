// Batches of sentence pairs as text, so that other frameworks train on the same ones.
//
//   vocabulary 8000 padding 7999
//   17 4 250 0<tab>9 77 0
//   …
//                                  ← an empty line ends each batch
//
// Token ids start at 0 and every sentence stands with its end symbol; the decoder's input is the
// padding symbol followed by the target without its last token.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "heed/nn/generator_loss.h"

namespace heed::bench {

struct BatchIds {
  std::vector<std::vector<std::int32_t>> sources, targets;  // with their end symbols
};

struct BatchFile {
  std::int64_t vocabulary = 0;
  std::int32_t padding = 0;
  std::vector<BatchIds> batches;
};

// A batch as a model takes it.
GeneratorExamples examples_of(const BatchIds& batch, std::int32_t padding);

void write_batch_file(const std::filesystem::path& path, const BatchFile& file);

// Errors name the line: input_output (missing), bad_data (not of this form, ids outside the
// vocabulary).
BatchFile read_batch_file(const std::filesystem::path& path);

}  // namespace heed::bench
