#include "heed/text/byte_tokenizer.h"

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

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

void ByteTokenizer::save(const std::filesystem::path&, Side) const {}

std::uint64_t ByteTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add("byte");
  return fingerprint.value();
}

}  // namespace heed
