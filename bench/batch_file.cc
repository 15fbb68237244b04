#include "batch_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <charconv>
#include <sstream>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/files.h"

namespace heed::bench {

namespace {

std::string joined(std::span<const std::int32_t> ids) {
  return fmt::format("{}", fmt::join(ids, " "));
}

std::vector<std::int32_t> read_ids(std::string_view text, const BatchFile& file, std::size_t line) {
  std::vector<std::int32_t> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::int32_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    check_data(error == std::errc{} && id >= 0 && id < file.vocabulary,
               "line {}: expected token ids below {}", line, file.vocabulary);
    ids.push_back(id);
    at = next < end && *next == ' ' ? next + 1 : next;
  }
  return ids;
}

void read_pair(std::string_view text, const BatchFile& file, std::size_t line, BatchIds& batch) {
  const std::size_t tab = text.find('\t');
  check_data(tab != std::string_view::npos && tab > 0 && tab + 1 < text.size(),
             "line {}: expected source ids, a tab and target ids", line);
  batch.sources.push_back(read_ids(text.substr(0, tab), file, line));
  batch.targets.push_back(read_ids(text.substr(tab + 1), file, line));
}

// Sentences one behind the other, `start` before each unless it is negative, and then without their
// last token.
struct Packed {
  std::vector<std::int32_t> ids, lengths;
};
Packed pack(const std::vector<std::vector<std::int32_t>>& sentences, std::int32_t start) {
  Packed packed;
  for (const auto& ids : sentences) {
    if (start >= 0) {
      packed.ids.push_back(start);
    }
    packed.ids.insert(packed.ids.end(), ids.begin(), start >= 0 ? ids.end() - 1 : ids.end());
    packed.lengths.push_back(static_cast<std::int32_t>(ids.size()));
  }
  return packed;
}

}  // namespace

GeneratorExamples examples_of(const BatchIds& batch, std::int32_t padding) {
  const Packed source = pack(batch.sources, -1), target = pack(batch.targets, -1);
  GeneratorExamples examples;
  examples.prompts.source = {.ids = id_tensor(source.ids), .rows = make_sequences(source.lengths)};
  examples.prompts.begun = {.ids = id_tensor(pack(batch.targets, padding).ids),
                            .rows = make_sequences(target.lengths)};
  examples.outputs = id_tensor(target.ids);
  return examples;
}

void write_batch_file(const std::filesystem::path& path, const BatchFile& file) {
  std::string text = fmt::format("vocabulary {} padding {}\n", file.vocabulary, file.padding);
  for (const BatchIds& batch : file.batches) {
    for (std::size_t i = 0; i < batch.sources.size(); ++i) {
      text += joined(batch.sources[i]) + "\t" + joined(batch.targets[i]) + "\n";
    }
    text += "\n";
  }
  write_file_atomically(path, text);
}

BatchFile read_batch_file(const std::filesystem::path& path) {
  std::istringstream input(read_file(path));
  std::string text, word;
  BatchFile file;
  std::getline(input, text);
  std::istringstream header(text);
  check_data(header >> word >> file.vocabulary >> word >> file.padding && file.vocabulary > 0 &&
                 file.padding >= 0 && file.padding < file.vocabulary,
             "{}: line 1: expected 'vocabulary V padding P'", path.string());
  BatchIds batch;
  for (std::size_t line = 2; std::getline(input, text); ++line) {
    if (!text.empty()) {
      read_pair(text, file, line, batch);
    } else if (!batch.sources.empty()) {
      file.batches.push_back(std::move(batch));
      batch = {};
    }
  }
  check_data(!file.batches.empty() && batch.sources.empty(),
             "{}: no whole batch, or one without an end", path.string());
  return file;
}

}  // namespace heed::bench
