#include "heed/tasks/task_files.h"

#include <fmt/format.h>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/interop/model_source.h"
#include "heed/text/tokenizer_files.h"

namespace heed {

namespace fs = std::filesystem;

TokenizerPair prepare_tokenizers(const std::string& init_from, const std::string& kind,
                                 const std::function<TokenizerPair()>& train,
                                 const TaskPlace& place) {
  const fs::path directory = place.directory / "tokenizer";
  // They are renamed into place as a whole, so what is there is complete.
  if (path_exists(directory)) {
    const TokenizerPair known = load_tokenizers(directory);
    describe_tokenizers(known, place.progress);
    return known;
  }
  TokenizerPair tokenizers;
  if (!init_from.empty()) {
    tokenizers = open_model_source(init_from).tokenizers();
  } else {
    place.progress.line(fmt::format("learning a {} tokenizer …", kind));
    tokenizers = train();
  }
  save_tokenizers_once(tokenizers, directory);
  describe_tokenizers(tokenizers, place.progress);
  return tokenizers;
}

void describe_tokenizers(const TokenizerPair& tokenizers, Progress& progress) {
  const std::string target = count_text(tokenizers.target->size());
  progress.line(tokenizers.joint ? fmt::format("vocabulary: {} pieces", target)
                                 : fmt::format("vocabularies: {} source and {} target pieces",
                                               count_text(tokenizers.source->size()), target));
}

void save_tokenizers_once(const TokenizerPair& tokenizers, const fs::path& directory) {
  if (path_exists(directory)) {
    return;
  }
  fs::path temporary = directory;
  temporary += ".tmp";
  remove_tree(temporary);
  std::error_code error;
  try {
    make_directory(temporary);
    save_tokenizers(tokenizers, temporary);
    fs::rename(temporary, directory, error);
    check_io(!error, "{}: cannot create: {}", directory.string(), error.message());
  } catch (...) {
    fs::remove_all(temporary, error);
    throw;
  }
}

std::string fingerprint_text(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

}  // namespace heed
