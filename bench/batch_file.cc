#include "batch_file.h"

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

// Appends the ids of one sentence.
void read_ids(std::string_view text, const BatchFile& file, std::size_t line,
              std::vector<std::int32_t>& ids) {
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
}

void read_pair(std::string_view text, const BatchFile& file, std::size_t line,
               TranslationBatch& batch) {
  const std::size_t tab = text.find('\t');
  check_data(tab != std::string_view::npos && tab > 0 && tab + 1 < text.size(),
             "line {}: expected source ids, a tab and target ids", line);
  read_ids(text.substr(0, tab), file, line, batch.source_ids);
  read_ids(text.substr(tab + 1), file, line, batch.target_output_ids);
  batch.source_offsets.push_back(static_cast<std::int32_t>(batch.source_ids.size()));
  const auto begin = static_cast<std::size_t>(batch.target_offsets.back());
  batch.target_offsets.push_back(static_cast<std::int32_t>(batch.target_output_ids.size()));
  batch.target_input_ids.push_back(file.padding);
  batch.target_input_ids.insert(
      batch.target_input_ids.end(),
      batch.target_output_ids.begin() + static_cast<std::ptrdiff_t>(begin),
      batch.target_output_ids.end() - 1);
  batch.example_indices.push_back(batch.size());
}

}  // namespace

void write_batch_file(const std::filesystem::path& path, const BatchFile& file) {
  std::string text = fmt::format("vocabulary {} padding {}\n", file.vocabulary, file.padding);
  const auto sentence = [](const std::vector<std::int32_t>& ids,
                           const std::vector<std::int32_t>& offsets, std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    const auto begin = static_cast<std::size_t>(offsets[i]);
    return joined(std::span(ids).subspan(begin, static_cast<std::size_t>(offsets[i + 1]) - begin));
  };
  for (const TranslationBatch& batch : file.batches) {
    for (std::int64_t s = 0; s < batch.size(); ++s) {
      text += sentence(batch.source_ids, batch.source_offsets, s) + "\t" +
              sentence(batch.target_output_ids, batch.target_offsets, s) + "\n";
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
  TranslationBatch batch;
  for (std::size_t line = 2; std::getline(input, text); ++line) {
    if (!text.empty()) {
      read_pair(text, file, line, batch);
    } else if (batch.size() > 0) {
      file.batches.push_back(std::move(batch));
      batch = {};
    }
  }
  check_data(!file.batches.empty() && batch.size() == 0,
             "{}: no whole batch, or one without an end", path.string());
  return file;
}

}  // namespace heed::bench
