// Lines of text to their translations: the one way in which heed translates text, while training
// and afterwards.
//
//   const LoadedModel model = load_model("run");
//   const std::vector<std::string> translations = translate_lines(model, lines);
//
// or, for several translations of a line, their scores, or other settings than the model's:
//
//   LineTranslator translator({*model, tokenizers, symbols}, decoding, {.precision = …});
//   translator.best_of(lines)  // a line for each
//
// An empty line, or one of white space, gives an empty line. A line that is longer than the model
// allows is cut into pieces that fit, at the end of a sentence if there is one near the middle,
// else at white space, else between characters; the translations of the pieces are joined by a
// space.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/generation/generate.h"
#include "heed/interop/load_model.h"
#include "heed/tasks/text_model.h"

namespace heed {

struct TextTranslation {
  std::string text;  // one line
  double log_probability = 0;
  double score = 0;         // log_probability / length^length_penalty
  std::int64_t length = 0;  // tokens, end symbols included
};

struct LineTranslations {
  std::vector<TextTranslation> best;  // best first; at least one
  std::size_t pieces = 1;             // 0 for an empty line
};

// Cuts a text in two near its middle, as above; white space at the cut is left out. Errors
// (failure): the text is a single character.
std::pair<std::string_view, std::string_view> cut_in_two(std::string_view text);

// A text as one line of a file: a line end or a NUL, which a model that spells its text in bytes
// may write, becomes a space.
std::string one_line(std::string text);

// Thread-safety: one thread at a time; several may share a model and its tokenizers.
class LineTranslator {
 public:
  // Keeps references to the model and the tokenizers. Of the context counts what is not training:
  // precision and heads that are off. Errors (usage): a bad configuration.
  LineTranslator(const TextModel& translator, const DecodingConfig& config,
                 const ForwardContext& context);

  // The translations of lines of valid UTF-8, in their order. What is sampled depends on the lines
  // of earlier calls only by their number of pieces.
  std::vector<LineTranslations> translate(std::span<const std::string> lines);
  // The best text of each line.
  std::vector<std::string> best_of(std::span<const std::string> lines);

 private:
  void add_pieces(std::string_view text, std::vector<std::vector<int>>& pieces) const;
  LineTranslations join(std::span<const std::vector<Hypothesis>> pieces) const;

  TextModel translator_;
  DecodingConfig config_;
  ForwardContext context_;
  std::int64_t pieces_before_ = 0;
};

// The best translation of each line, which is valid UTF-8, by a loaded model with the settings of
// its directory. Errors (usage): a model for another task. Threads may share the model.
std::vector<std::string> translate_lines(const LoadedModel& model,
                                         std::span<const std::string> lines);

}  // namespace heed
