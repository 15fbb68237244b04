// What a tokenizer makes of lines. With standard input of a JSON string a line:
//
//   heed_encode_lines --model DIR              # a list of ids a line; DIR may be a GGUF file
//   heed_encode_lines --model DIR --decode     # {"ids": […], "text": "…"}
//   heed_encode_lines --model DIR --save COPY  # and the tokenizer's files, as heed writes them
//
// With standard input of text:
//
//   heed_encode_lines --train 8000 --save DIR  # learns byte-level-bpe
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/formats/gguf.h"
#include "heed/interop/gguf_tokenizer.h"
#include "heed/text/tokenizer_files.h"
#include "heed/text/tokenizer_kinds.h"

namespace {

using namespace heed;

std::vector<std::string> read_lines() {
  std::vector<std::string> texts;
  for (std::string line; std::getline(std::cin, line);) {
    texts.push_back(parse_json("[" + line + "]", "standard input").at(0).get<std::string>());
  }
  return texts;
}

void print_ids(const Tokenizer& tokenizer, const std::vector<std::string>& texts, bool marked,
               bool decodes) {
  for (const std::string& text : texts) {
    const std::vector<int> ids = marked ? tokenizer.encode_marked(text) : tokenizer.encode(text);
    Json json = ids;
    if (decodes) {
      json = {{"ids", ids}, {"text", tokenizer.decode(ids)}};
    }
    std::cout << json.dump() << "\n";
  }
}

// Of standard input, a line each time.
TokenizerPair train(int size) {
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  return train_tokenizers(
      {.kind = "byte-level-bpe", .vocabulary_size = size}, 1, [&](const PairVisitor& visit) {
        for (std::size_t at = 0; at < text.size();) {
          const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
          visit(std::string_view(text).substr(at, end - at), {});
          at = end;
        }
      });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What a tokenizer makes of lines");
  std::string model, copy;
  int pieces = 0;
  bool plain = false, decodes = false;
  app.add_option("--model", model, "directory with the tokenizer's files, or a GGUF file");
  app.add_option("--save", copy, "directory to write the tokenizer's files to");
  app.add_option("--train", pieces, "learn a tokenizer of so many pieces");
  app.add_flag("--plain", plain, "text that spells special pieces stays text");
  app.add_flag("--decode", decodes, "print the decoded text, too");
  CLI11_PARSE(app, argc, argv);
  try {
    const TokenizerPair tokenizers = pieces > 0 ? train(pieces)
                                     : model.ends_with(".gguf")
                                         ? gguf_tokenizers(GgufFile(model).header(), model)
                                         : load_tokenizers(std::filesystem::path(model));
    if (!copy.empty()) {
      std::filesystem::create_directories(copy);
      save_tokenizers(tokenizers, copy);
    }
    const auto& tokenizer = tokenizers.source;
    const std::vector<std::string> texts = read_lines();
    print_ids(*tokenizer, texts, !plain, decodes);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_code(error.kind());
  }
  return 0;
}
