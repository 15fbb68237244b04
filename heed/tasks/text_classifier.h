// Texts to their labels: what `heed classify` does, for any program.
//
//   const LoadedModel model = load_model("run");
//   const TextClassifier classifier(model);
//   for (const Classified& found : classifier.classify(texts)) {
//     classifier.labels()[found.classes.front()]; found.probabilities; …
//   }
//
// A text that is longer than the model takes is read in windows that overlap by half, and the mean
// of their scores counts; of a pair the longer text is cut. What comes out for a text depends on
// it alone, to the bit.
//
// Thread-safety: const members from any thread; they compute on the threads of the pool.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"
#include "heed/nn/forward_context.h"

namespace heed {

struct ClassifierOptions {
  std::int64_t max_tokens = 0;  // longest window, special tokens included; 0: the model's own
  std::int64_t stride = 0;      // tokens from one window to the next; 0: half a window
  std::int64_t batch_tokens = 4096;
  double temperature = 1;       // divides the scores
  ForwardContext context = {};  // what is not training
};

struct Classified {
  std::vector<std::int32_t> classes;  // one, or of a model for several labels any number
  std::vector<double> probabilities;  // of each label; of a model for numbers none
  double number = 0;                  // of a model for numbers
  std::size_t windows = 1;            // that the text was read in
};

class TextClassifier {
 public:
  // Keeps a reference to the model. Errors (usage): a model for another task, or an option that
  // makes no sense.
  explicit TextClassifier(const LoadedModel& model, const ClassifierOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }
  bool gives_numbers() const { return problem_ == "regression"; }
  bool gives_several() const { return problem_ == "multi_label"; }

  // `seconds`: the second texts of pairs, or none. Errors (bad_data): no valid UTF-8.
  std::vector<Classified> classify(std::span<const std::string> texts,
                                   std::span<const std::string> seconds = {}) const;

 private:
  const LoadedModel& model_;
  ClassifierOptions options_;
  std::vector<std::string> labels_;
  std::string problem_;
};

}  // namespace heed
