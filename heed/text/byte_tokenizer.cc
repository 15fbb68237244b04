#include "heed/text/byte_tokenizer.h"

#include <fmt/format.h>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

TokenizerPair one_for_both() {
  const auto tokenizer = std::make_shared<const ByteTokenizer>();
  return {tokenizer, tokenizer, true};
}

void check_config(const TokenizerConfig& config) {
  check_usage(!config.lowercase, "tokenizer.lowercase: the byte tokenizer keeps the text as it is");
  check_usage(config.source_model.empty() && config.target_model.empty(),
              "tokenizer.source_model: only for the sentencepiece kinds");
}

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

std::string replace_invalid(std::string_view bytes) {
  std::string text;
  while (const auto invalid = find_invalid_utf8(bytes)) {
    text.append(bytes.substr(0, *invalid));
    text.append(replacement_character);
    bytes.remove_prefix(*invalid + 1);
  }
  return text.append(bytes);
}

}  // namespace

std::vector<int> ByteTokenizer::encode(std::string_view line) const {
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  std::vector<int> ids;
  ids.reserve(line.size());
  for (const char byte : line) {
    ids.push_back(first_byte_id + static_cast<unsigned char>(byte));
  }
  return ids;
}

std::string ByteTokenizer::decode(std::span<const int> ids) const {
  std::string bytes;
  for (const int id : ids) {
    check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
          size());
    if (id == unknown_id()) {
      bytes.append(replacement_character);
    } else if (id != end_id() && id != pad_id()) {
      bytes.push_back(static_cast<char>(id - first_byte_id));
    }
  }
  return replace_invalid(bytes);
}

std::string ByteTokenizer::piece(int id) const {
  check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
        size());
  if (id == end_id()) {
    return std::string(end_piece);
  }
  if (id == unknown_id()) {
    return std::string(unknown_piece);
  }
  return id == pad_id() ? std::string(pad_piece) : fmt::format("<0x{:02X}>", id - first_byte_id);
}

std::uint64_t ByteTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add("byte");
  return fingerprint.value();
}

TokenizerKind byte_tokenizer_kind() {
  return {.name = "byte",
          .summary = "every byte of the text",
          .tokenizer_class = ByteTokenizer().tokenizer_class(),
          .check = check_config,
          .train = [](const TokenizerConfig&, std::uint64_t, const PairStream&,
                      const TextRemark&) { return one_for_both(); },
          .load = [](const TokenizerFiles&, bool) { return one_for_both(); }};
}

}  // namespace heed
