// The text of a language model's recipe: files to learn from, and what is held out of them or lies
// in files of its own.
//
//   const TextCorpus corpus(config, directory);
//   const auto texts = corpus.open({{TextPart::train, "run/cache/train.tokens"}}, tokenizer, pool);
//
// Thread-safety: const members from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/text_encoding.h"

namespace heed {

struct TextConfig {
  std::vector<std::string> train;
  std::vector<std::string> validation;
  std::vector<std::string> test;
  double validation_share = 0;
  double test_share = 0;
  std::string documents = "none";
  std::string json_key = "text";
  bool document_mask = false;
  int window = 128;
  int validation_stride = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("train", train, "files of text to learn from, one behind the other; .gz as well");
    visit("validation", validation, "held-out text, for the loss while training");
    visit("test", test, "text to measure the best model on at the end");
    visit("validation_share", validation_share,
          "instead of files: this share of train, before the share of test, is held out");
    visit("test_share", test_share, "instead of files: this share of train, at its end");
    visit("documents", documents, text_documents_help);
    visit("json_key", json_key, "documents json: the key under which the text stands");
    visit("document_mask", document_mask,
          "documents do not see each other in a window; otherwise the end symbol alone parts them");
    visit("window", window,
          "tokens of a window: the model predicts each from those before it in its window, the "
          "first from the last one before the window");
    visit("validation_stride", validation_stride,
          "tokens from one window of held-out text to the next: each token counts once, with at "
          "least window - stride before it; 0: half the window");
  }

  TextForm form() const { return {.documents = documents, .json_key = json_key}; }
  std::int64_t stride() const { return validation_stride > 0 ? validation_stride : window / 2; }
};

// Errors (usage) name the key, as one of data.
void check_text_config(const TextConfig& config);

enum class TextPart { train, validation, test };

class TextCorpus {
 public:
  // `directory`: where files lie that have no absolute path. Errors: usage as for
  // check_text_config; input_output for a file that is missing, or no regular one (a text is read
  // more than once); bad_data: an empty file, or a share that leaves no text.
  TextCorpus(const TextConfig& config, const std::filesystem::path& directory);

  bool has(TextPart part) const;

  // The text to learn from, for the trainers of tokenizers: documents, or parts of running text.
  // Errors: those of for_each_text.
  void for_each_training_text(const std::function<void(std::string_view)>& visit) const;

  // The parts, encoded, at their paths. Parts that lie in the same files are encoded in one pass.
  // Errors: those of open_token_texts.
  std::map<TextPart, std::shared_ptr<const TokenText>> open(
      const std::map<TextPart, std::filesystem::path>& paths, const Tokenizer& tokenizer,
      ThreadPool& pool) const;

  // Changes with the text that is trained and validated on. Reads it.
  std::vector<std::uint64_t> fingerprints() const;

 private:
  // The files that a part lies in, and its number among their parts.
  struct Place {
    const TextSource* source = nullptr;
    std::size_t number = 0;
  };
  Place place_of(TextPart part) const;
  void cut_shares(const TextConfig& config);

  TextSource train_, validation_, test_;
  std::map<TextPart, std::size_t> shares_;  // parts that are cut off train
};

}  // namespace heed
