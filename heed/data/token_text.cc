#include "heed/data/token_text.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>

#include "heed/base/error.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

constexpr std::uint64_t text_magic = 0x5458545445454801u;
constexpr std::uint64_t text_version = 1;
constexpr std::size_t text_header_size = 128;
constexpr std::size_t check_size = std::size_t{1} << 22;  // bytes read in one go

static_assert(std::is_trivially_copyable_v<TokenTextHeader>);
static_assert(sizeof(TokenTextHeader) <= text_header_size);

std::uint64_t checksum_of(TokenTextHeader header) {
  header.header_checksum = 0;
  Fingerprint fingerprint;
  fingerprint.add(std::string_view(reinterpret_cast<const char*>(&header), sizeof header));
  return fingerprint.value();
}

std::size_t id_width(std::uint64_t vocabulary) {
  return vocabulary <= (1u << 16) ? sizeof(std::uint16_t) : sizeof(std::int32_t);
}

// Ids take a whole number of 8-byte words, so that the list of documents behind them is aligned.
std::uint64_t padded_bytes(std::uint64_t ids, std::size_t width) {
  return (ids * width + 7) / 8 * 8;
}

}  // namespace

TokenText::TokenText(const std::filesystem::path& path) : file_(path) {
  const std::string name = path.string();
  const auto bytes = file_->bytes();
  check_data(bytes.size() >= text_header_size, "{}: not a token text: {} bytes", name,
             bytes.size());
  std::memcpy(&header_, bytes.data(), sizeof header_);
  check_header(name);
  const std::byte* ids = bytes.data() + text_header_size;
  const std::size_t width = id_width(header_.vocabulary);
  if (width == sizeof(std::uint16_t)) {
    narrow_ = reinterpret_cast<const std::uint16_t*>(ids);
  } else {
    wide_ = reinterpret_cast<const std::int32_t*>(ids);
  }
  documents_ = {
      reinterpret_cast<const std::uint64_t*>(ids + padded_bytes(header_.token_count, width)),
      header_.document_count};
  check_payload(name);
}

TokenText::TokenText(std::vector<std::int32_t> ids, std::vector<std::uint64_t> documents,
                     bool starts, const TextCounts& counts, TokenTextOrigin origin)
    : held_(std::move(ids)), held_documents_(std::move(documents)) {
  header_.identity = origin.identity;
  header_.content = origin.content;
  header_.token_count = held_.size();
  header_.document_count = held_documents_.size();
  header_.starts = starts ? 1 : 0;
  header_.counts = counts;
  wide_ = held_.data();
  documents_ = held_documents_;
}

void TokenText::check_header(const std::string& name) const {
  check_data(header_.magic == text_magic, "{}: not a token text", name);
  check_data(header_.version == text_version, "{}: a token text of version {}, expected {}", name,
             header_.version, text_version);
  check_data(header_.header_checksum == checksum_of(header_), "{}: damaged header", name);
  // Each quantity is held against the file's size before it enters a product.
  const std::uint64_t size = file_->bytes().size() - text_header_size;
  const std::size_t width = id_width(header_.vocabulary);
  const bool fits =
      header_.token_count <= size / width &&
      header_.document_count <= size / sizeof(std::uint64_t) &&
      padded_bytes(header_.token_count, width) + header_.document_count * sizeof(std::uint64_t) ==
          size;
  check_data(fits, "{}: damaged: {} tokens and {} documents do not make {} bytes", name,
             header_.token_count, header_.document_count, file_->bytes().size());
}

void TokenText::check_payload(const std::string& name) const {
  const auto bytes = file_->bytes().subspan(text_header_size);
  const std::int64_t ids_in_check =
      static_cast<std::int64_t>(check_size / id_width(header_.vocabulary));
  StreamFingerprint checksum;
  bool in_vocabulary = true;
  for (std::size_t begin = 0; begin < bytes.size(); begin += check_size) {
    const auto part = bytes.subspan(begin, std::min(check_size, bytes.size() - begin));
    checksum.add({reinterpret_cast<const char*>(part.data()), part.size()});
    const std::int64_t first = static_cast<std::int64_t>(begin / check_size) * ids_in_check;
    for (std::int64_t i = first; i < std::min(size(), first + ids_in_check); ++i) {
      in_vocabulary &= static_cast<std::uint32_t>((*this)[i]) < header_.vocabulary;
    }
    file_->forget(text_header_size + begin, part.size());
  }
  checksum.end();
  check_data(header_.payload_checksum == checksum.value(),
             "{}: damaged: the checksum does not fit the content", name);
  check_data(in_vocabulary, "{}: damaged: ids outside the vocabulary", name);
  const bool ascending = std::adjacent_find(documents_.begin(), documents_.end(),
                                            std::greater_equal<>()) == documents_.end();
  check_data(ascending && (documents_.empty() || documents_.back() < header_.token_count),
             "{}: damaged: documents that do not follow one another", name);
}

void TokenText::append(std::int64_t begin, std::int64_t end, std::vector<std::int32_t>& ids) const {
  check(begin >= 0 && begin <= end && end <= size(), "token text: {} … {} of {}", begin, end,
        size());
  if (narrow_ != nullptr) {
    ids.insert(ids.end(), narrow_ + begin, narrow_ + end);
  } else {
    ids.insert(ids.end(), wide_ + begin, wide_ + end);
  }
}

std::shared_ptr<const TokenText> open_token_text(const std::filesystem::path& path,
                                                 std::uint64_t identity) {
  if (!path_exists(path)) {
    return nullptr;
  }
  try {
    auto text = std::make_shared<const TokenText>(path);
    return text->identity() == identity ? text : nullptr;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::bad_data) {
      return nullptr;
    }
    throw;
  }
}

TokenTextWriter::TokenTextWriter(std::filesystem::path path, int vocabulary, bool starts)
    : path_(std::move(path)),
      temporary_(path_.string() + ".tmp"),
      temporary_documents_(temporary_.string() + ".documents"),
      payload_(create(temporary_)),
      documents_(create(temporary_documents_)) {
  header_.magic = text_magic;
  header_.version = text_version;
  header_.vocabulary = static_cast<std::uint64_t>(vocabulary);
  header_.starts = starts ? 1 : 0;
  const char room_for_header[text_header_size] = {};
  write(payload_, room_for_header, text_header_size);
}

TokenTextWriter::~TokenTextWriter() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
  std::filesystem::remove(temporary_documents_, ignored);
}

TokenTextWriter::File TokenTextWriter::create(const std::filesystem::path& path) const {
  File file(std::fopen(path.c_str(), "w+be"));
  check_io(file != nullptr, "{}: cannot create: {}", path.string(), std::strerror(errno));
  return file;
}

void TokenTextWriter::write(const File& file, const void* data, std::size_t size) const {
  const bool written = size == 0 || std::fwrite(data, 1, size, file.get()) == size;
  check_io(written, "{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void TokenTextWriter::add_payload(const void* data, std::size_t size) {
  write(payload_, data, size);
  checksum_.add({static_cast<const char*>(data), size});
}

void TokenTextWriter::add(std::span<const int> ids) {
  static_assert(sizeof(int) == sizeof(std::int32_t));
  if (id_width(header_.vocabulary) == sizeof(std::uint16_t)) {
    narrow_.assign(ids.begin(), ids.end());
    add_payload(narrow_.data(), narrow_.size() * sizeof(std::uint16_t));
  } else {
    add_payload(ids.data(), ids.size_bytes());
  }
  header_.token_count += ids.size();
}

void TokenTextWriter::begin_document() {
  write(documents_, &header_.token_count, sizeof header_.token_count);
  ++header_.document_count;
}

void TokenTextWriter::append_documents() {
  const std::size_t width = id_width(header_.vocabulary);
  const char padding[8] = {};
  add_payload(padding, padded_bytes(header_.token_count, width) - header_.token_count * width);
  const bool flushed = std::fflush(documents_.get()) == 0;
  check_io(flushed, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  std::rewind(documents_.get());
  std::vector<char> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), documents_.get())) {
    add_payload(buffer.data(), count);
  }
  const bool written = std::ferror(documents_.get()) == 0;
  check_io(written, "{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void TokenTextWriter::finish(const TextCounts& counts, TokenTextOrigin origin) {
  append_documents();
  checksum_.end();
  header_.identity = origin.identity;
  header_.content = origin.content;
  header_.counts = counts;
  header_.payload_checksum = checksum_.value();
  header_.header_checksum = checksum_of(header_);
  std::rewind(payload_.get());
  write(payload_, &header_, sizeof header_);
  const bool synced = std::fflush(payload_.get()) == 0 && ::fsync(::fileno(payload_.get())) == 0;
  check_io(synced, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  check_io(!error, "{}: cannot replace: {}", path_.string(), error.message());
  sync_directory(path_.has_parent_path() ? path_.parent_path() : std::filesystem::path("."));
}

}  // namespace heed
