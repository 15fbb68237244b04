// How fast heed learns byte-level byte-pair encoding from a text, and encodes the text with it.
//
//   heed_tokenizer_speed --text FILE --pieces 8000 --threads 2
//
// Prints a line of JSON with the best of three passes each. bench/huggingface_tokenizer.py does the
// same with Hugging Face's `tokenizers`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/thread_pool.h"
#include "heed/text/tokenizer_kinds.h"

namespace {

using namespace heed;

// With their line breaks.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

template <typename Action>
double best_of_three(const Action& action) {
  double best = 1e9;
  for (int pass = 0; pass < 3; ++pass) {
    const auto begin = std::chrono::steady_clock::now();
    action();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

void measure(const std::string& text, int pieces, int threads) {
  const std::vector<std::string_view> lines = lines_of(text);
  TokenizerPair tokenizers;
  const double learning = best_of_three([&] {
    tokenizers = train_tokenizers({.kind = "byte-level-bpe", .vocabulary_size = pieces}, 1,
                                  [&](const PairVisitor& visit) {
                                    for (const std::string_view line : lines) {
                                      visit(line, {});
                                    }
                                  });
  });
  ThreadPool pool(threads);
  std::vector<std::vector<int>> ids(lines.size());
  const double encoding = best_of_three([&] {
    pool.run_range(static_cast<std::int64_t>(lines.size()), 256, [&](auto begin, auto end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        ids[i] = tokenizers.source->encode(lines[i]);
      }
    });
  });
  std::size_t tokens = 0;
  for (const std::vector<int>& line : ids) {
    tokens += line.size();
  }
  const Json result = {{"kind", "tokenizer"},
                       {"program", "heed"},
                       {"bytes", text.size()},
                       {"pieces", tokenizers.source->size()},
                       {"tokens", tokens},
                       {"learning_seconds", learning},
                       {"encoding_seconds", encoding}};
  std::printf("%s\n", result.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How fast byte-level byte-pair encoding is learned, and encodes");
  std::string path;
  int pieces = 8000, threads = 1;
  app.add_option("--text", path, "a text in UTF-8")->required();
  app.add_option("--pieces", pieces, "size of the vocabulary");
  app.add_option("--threads", threads);
  CLI11_PARSE(app, argc, argv);
  try {
    measure(read_file(path), pieces, threads);
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_tokenizer_speed: %s\n", error.what());
    return exit_code(error.kind());
  }
  return 0;
}
