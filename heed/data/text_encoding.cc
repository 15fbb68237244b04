#include "heed/data/text_encoding.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/prefetcher.h"
#include "heed/data/text_part.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

constexpr std::size_t bytes_in_flight = std::size_t{1} << 23;

std::uint64_t identity_of(const TextSource& source, std::uint64_t content, std::size_t part,
                          const Tokenizer& tokenizer) {
  Fingerprint identity;
  identity.add("token text");
  identity.add(content);
  identity.add(source.form.documents);
  identity.add(source.form.json_key);
  for (const std::int64_t cut : source.cuts) {
    identity.add(static_cast<std::uint64_t>(cut));
  }
  identity.add(std::uint64_t{part});
  identity.add(tokenizer.fingerprint());
  return identity.value();
}

using Blocks = std::vector<TextBlock>;

// The next blocks, as many as are encoded in one go, of the parts that are wanted.
std::optional<Blocks> read_blocks(TextBlocks& reader, const std::vector<bool>& wanted) {
  Blocks blocks;
  TextBlock block;
  for (std::size_t bytes = 0; bytes < bytes_in_flight;) {
    if (!reader.next(block)) {
      return blocks.empty() ? std::nullopt : std::optional(std::move(blocks));
    }
    bytes += block.text.size();
    if (wanted[block.part]) {
      blocks.push_back(std::move(block));
    }
  }
  return blocks;
}

// Where several blocks are refused, the first of them is told of.
std::vector<EncodedBlock> encode_blocks(const Blocks& blocks, const TextForm& form,
                                        const TextMarks& marks, const Tokenizer& tokenizer,
                                        ThreadPool& pool) {
  std::vector<EncodedBlock> encoded(blocks.size());
  std::vector<std::exception_ptr> refusals(blocks.size());
  pool.run(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(i);
    try {
      encoded[place] = encode_block(blocks[place], form, marks, tokenizer);
    } catch (const Error&) {
      refusals[place] = std::current_exception();
    }
  });
  for (const std::exception_ptr& refusal : refusals) {
    if (refusal) {
      std::rethrow_exception(refusal);
    }
  }
  return encoded;
}

// Fills the parts; returns the fingerprint of the text. A thread of its own reads ahead.
std::uint64_t encode_parts(const TextSource& source, const Tokenizer& tokenizer, ThreadPool& pool,
                           const TextMarks& marks, std::vector<PartInProgress>& parts) {
  TextBlocks reader(source.files, source.form, source.cuts);
  std::vector<bool> wanted;
  for (const PartInProgress& part : parts) {
    wanted.push_back(part.is_wanted());
  }
  const bool continues = source.form.documents == "none" || source.form.documents == "file";
  Prefetcher<Blocks> ahead([&] { return read_blocks(reader, wanted); }, 1);
  while (const auto blocks = ahead.next()) {
    auto encoded = encode_blocks(*blocks, source.form, marks, tokenizer, pool);
    for (std::size_t i = 0; i < blocks->size(); ++i) {
      encoded[i].begins_in_word &= continues;
      parts[(*blocks)[i].part].add((*blocks)[i], encoded[i]);
    }
  }
  return reader.fingerprint();
}

// All of the wanted parts, where each lies in its file already.
std::optional<std::vector<std::shared_ptr<const TokenText>>> open_known(
    const TextSource& source, std::span<const std::filesystem::path> paths,
    const Tokenizer& tokenizer) {
  for (const std::filesystem::path& path : paths) {
    if (!path.empty() && !path_exists(path)) {
      return std::nullopt;
    }
  }
  const std::uint64_t content = fingerprint_of_texts(source.files);
  std::vector<std::shared_ptr<const TokenText>> texts;
  for (std::size_t part = 0; part < paths.size(); ++part) {
    texts.push_back(
        paths[part].empty()
            ? nullptr
            : open_token_text(paths[part], identity_of(source, content, part, tokenizer)));
    if (texts.back() == nullptr && !paths[part].empty()) {
      return std::nullopt;
    }
  }
  return texts;
}

}  // namespace

void check_tokenizer_takes(const TextForm& form, const std::string& tokenizer_kind) {
  check_usage(form.documents == "line" || !is_line_tokenizer(tokenizer_kind),
              "tokenizer.kind {}: takes text line by line and knows no line breaks; with "
              "data.documents: line the end symbol stands for each",
              tokenizer_kind);
}

std::vector<std::shared_ptr<const TokenText>> open_token_texts(
    const TextSource& source, std::span<const std::filesystem::path> paths,
    const Tokenizer& tokenizer, ThreadPool& pool) {
  check(paths.size() == source.cuts.size() + 1, "text: {} cuts, but {} parts", source.cuts.size(),
        paths.size());
  check_tokenizer_takes(source.form, tokenizer.kind());
  if (auto known = open_known(source, paths, tokenizer)) {
    return std::move(*known);
  }
  const TextMarks marks = marks_of(source.form, tokenizer);
  std::vector<PartInProgress> parts;
  for (const std::filesystem::path& path : paths) {
    parts.emplace_back(
        path.empty() ? nullptr
                     : std::make_unique<FileSink>(path, tokenizer.size(), marks.start.has_value()),
        marks);
  }
  const std::uint64_t content = encode_parts(source, tokenizer, pool, marks, parts);
  std::vector<std::shared_ptr<const TokenText>> texts(paths.size());
  for (std::size_t part = 0; part < paths.size(); ++part) {
    if (parts[part].is_wanted()) {
      parts[part].finish({identity_of(source, content, part, tokenizer), content});
      texts[part] = std::make_shared<const TokenText>(paths[part]);
    }
  }
  return texts;
}

std::shared_ptr<const TokenText> encode_text(const TextSource& source, const Tokenizer& tokenizer,
                                             ThreadPool& pool) {
  check_tokenizer_takes(source.form, tokenizer.kind());
  const TextMarks marks = marks_of(source.form, tokenizer);
  auto sink = std::make_unique<MemorySink>(source.files.front(), marks.start.has_value());
  const MemorySink& result = *sink;
  std::vector<PartInProgress> parts;
  parts.emplace_back(std::move(sink), marks);
  const std::uint64_t content = encode_parts(source, tokenizer, pool, marks, parts);
  parts.front().finish({identity_of(source, content, 0, tokenizer), content});
  return result.text;
}

void for_each_text(const TextSource& source, const std::function<void(std::string_view)>& visit) {
  TextBlocks blocks(source.files, source.form, source.cuts);
  TextBlock block;
  while (blocks.next(block) && block.part == 0) {
    for_each_stretch(block, source.form, [&](const TextStretch& stretch) { visit(stretch.text); });
  }
}

}  // namespace heed
