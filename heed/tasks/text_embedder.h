// Lines of text to vectors, by an encoder: for searching, grouping and comparing texts.
//
//   const LoadedModel model = load_model("all-MiniLM-L6-v2");
//   TextEmbedder embedder(model, embedding_config(model), {});
//   const Tensor vectors = embedder.embed(lines);               // [lines, width], float32
//   nearest_rows(vectors, others, 5);                           // by cosine
//
// A line's vector depends on the line alone, not on those beside it: texts of like length run in
// one batch, without padding.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"

namespace heed {

// How `model` makes vectors: as modules.json of its directory says, or else by the mean.
SentenceSettings embedding_config(const LoadedModel& model);

// Thread-safety: one thread at a time; several may share a model.
class TextEmbedder {
 public:
  // Keeps a reference to the model. Of the context counts the precision. Errors (usage): a pooling
  // that is not known, a model that is no encoder.
  TextEmbedder(const LoadedModel& model, const SentenceSettings& settings,
               const ForwardContext& context);

  // The vectors of lines of valid UTF-8, in their order: [lines, width], float32. White space
  // around a line does not count; a longer one than the model takes, or than the settings say, is
  // cut there.
  Tensor embed(std::span<const std::string> lines) const;

  std::int64_t width() const { return encoder_.width(); }

 private:
  std::vector<std::int32_t> ids_of(const std::string& line,
                                   std::vector<std::int32_t>& segments) const;

  const Encoder& encoder_;
  const Tokenizer& tokenizer_;
  TextFrame frame_;
  SentenceSettings settings_;
  std::size_t longest_;  // tokens of a line, special ones included
  MatmulPrecision precision_;
};

struct NearRow {
  std::int64_t row = 0;
  double cosine = 0;
};

// For each row of `vectors` the `count` rows of `others` with the highest cosine, the best first;
// of equals the one that comes first. Both [rows, width], float32. Errors (usage): other widths.
std::vector<std::vector<NearRow>> nearest_rows(const Tensor& vectors, const Tensor& others,
                                               std::int64_t count);

}  // namespace heed
