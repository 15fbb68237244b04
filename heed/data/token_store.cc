#include "heed/data/token_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

constexpr std::uint64_t store_magic = 0x4B4F544445454801u;
constexpr std::uint64_t store_version = 1;
constexpr std::size_t header_size = 128;

static_assert(std::is_trivially_copyable_v<TokenStoreHeader>);
static_assert(sizeof(TokenStoreHeader) <= header_size && sizeof(TokenStoreHeader) % 8 == 0);

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t header_checksum(TokenStoreHeader header) {
  header.header_checksum = 0;
  Fingerprint fingerprint;
  fingerprint.add(std::string_view(reinterpret_cast<const char*>(&header), sizeof header));
  return fingerprint.value();
}

std::uint64_t payload_checksum(std::span<const std::byte> file) {
  Fingerprint fingerprint;
  fingerprint.add(as_text(file.subspan(header_size)));
  return fingerprint.value();
}

// Tokens take a whole number of 8-byte words, so that the index behind them is aligned.
std::uint64_t padded_token_bytes(std::uint64_t token_count) {
  return (token_count + 1) / 2 * 8;
}

}  // namespace

struct TokenStore::Record {
  std::uint64_t offset;  // of the first source token, counted in tokens
  std::uint32_t source_length;
  std::uint32_t target_length;
  std::uint64_t pair_number;
};

TokenStore::TokenStore(const std::filesystem::path& path) : file_(path) {
  const std::string name = path.string();
  const auto bytes = file_.bytes();
  check_data(bytes.size() >= header_size, "{}: not a token store: {} bytes", name, bytes.size());
  std::memcpy(&header_, bytes.data(), sizeof header_);
  check_header(name);
  tokens_ = reinterpret_cast<const std::int32_t*>(bytes.data() + header_size);
  records_ = reinterpret_cast<const Record*>(bytes.data() + header_size +
                                             padded_token_bytes(header_.token_count));
  check_data(header_.payload_checksum == payload_checksum(bytes),
             "{}: damaged: the checksum does not fit the content", name);
  check_pairs(name);
}

void TokenStore::check_header(const std::string& name) const {
  check_data(header_.magic == store_magic, "{}: not a token store", name);
  check_data(header_.version == store_version, "{}: a token store of version {}, expected {}", name,
             header_.version, store_version);
  check_data(header_.header_checksum == header_checksum(header_), "{}: damaged header", name);
  // Each quantity is held against the file's size before it enters a product.
  const std::uint64_t size = file_.bytes().size() - header_size;
  const bool fits =
      header_.token_count <= size / sizeof(std::int32_t) &&
      header_.pair_count <= size / sizeof(Record) &&
      padded_token_bytes(header_.token_count) + header_.pair_count * sizeof(Record) == size;
  check_data(fits, "{}: damaged: {} pairs and {} tokens do not make {} bytes", name,
             header_.pair_count, header_.token_count, file_.bytes().size());
}

void TokenStore::check_pairs(const std::string& name) const {
  std::uint64_t offset = 0;
  std::uint64_t source_tokens = 0;
  const auto in_vocabulary = [](std::span<const std::int32_t> ids, std::uint64_t vocabulary) {
    return std::all_of(ids.begin(), ids.end(), [&](std::int32_t id) {
      return id >= 0 && static_cast<std::uint64_t>(id) < vocabulary;
    });
  };
  for (std::int64_t i = 0; i < size(); ++i) {
    const Record& pair = record(i);
    const std::uint64_t length = std::uint64_t{pair.source_length} + pair.target_length;
    check_data(pair.offset == offset && length <= header_.token_count - offset,
               "{}: damaged: pair {} lies outside", name, i);
    check_data(in_vocabulary(source(i), header_.source_vocabulary) &&
                   in_vocabulary(target(i), header_.target_vocabulary),
               "{}: damaged: pair {} has ids outside the vocabulary", name, i);
    offset += length;
    source_tokens += pair.source_length;
  }
  check_data(offset == header_.token_count && source_tokens == header_.source_token_count,
             "{}: damaged: the token counts do not add up", name);
}

const TokenStore::Record& TokenStore::record(std::int64_t i) const {
  check(i >= 0 && i < size(), "token store: pair {} of {}", i, size());
  return records_[i];
}

std::span<const std::int32_t> TokenStore::source(std::int64_t i) const {
  const Record& pair = record(i);
  return {tokens_ + pair.offset, pair.source_length};
}

std::span<const std::int32_t> TokenStore::target(std::int64_t i) const {
  const Record& pair = record(i);
  return {tokens_ + pair.offset + pair.source_length, pair.target_length};
}

std::int64_t TokenStore::pair_number(std::int64_t i) const {
  return static_cast<std::int64_t>(record(i).pair_number);
}

std::shared_ptr<const TokenStore> open_store_of(const std::filesystem::path& path,
                                                std::uint64_t identity) {
  if (!path_exists(path)) {
    return nullptr;
  }
  try {
    auto store = std::make_shared<const TokenStore>(path);
    return store->identity() == identity ? store : nullptr;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::bad_data) {
      return nullptr;
    }
    throw;
  }
}

TokenStoreWriter::TokenStoreWriter(std::filesystem::path path, std::uint64_t identity,
                                   int source_vocabulary, int target_vocabulary)
    : path_(std::move(path)),
      temporary_(path_.string() + ".tmp"),
      temporary_records_(temporary_.string() + ".index"),
      tokens_(create(temporary_)),
      records_(create(temporary_records_)) {
  header_.magic = store_magic;
  header_.version = store_version;
  header_.identity = identity;
  header_.source_vocabulary = static_cast<std::uint64_t>(source_vocabulary);
  header_.target_vocabulary = static_cast<std::uint64_t>(target_vocabulary);
  const char room_for_header[header_size] = {};
  write(tokens_, room_for_header, header_size);
}

TokenStoreWriter::~TokenStoreWriter() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
  std::filesystem::remove(temporary_records_, ignored);
}

TokenStoreWriter::File TokenStoreWriter::create(const std::filesystem::path& path) const {
  File file(std::fopen(path.c_str(), "w+be"));
  check_io(file != nullptr, "{}: cannot create: {}", path.string(), std::strerror(errno));
  return file;
}

void TokenStoreWriter::write(const File& file, const void* data, std::size_t size) const {
  const bool written = size == 0 || std::fwrite(data, 1, size, file.get()) == size;
  check_io(written, "{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void TokenStoreWriter::add(std::span<const int> source, std::span<const int> target,
                           std::int64_t pair_number) {
  static_assert(sizeof(int) == sizeof(std::int32_t));
  const TokenStore::Record record{header_.token_count, static_cast<std::uint32_t>(source.size()),
                                  static_cast<std::uint32_t>(target.size()),
                                  static_cast<std::uint64_t>(pair_number)};
  write(tokens_, source.data(), source.size_bytes());
  write(tokens_, target.data(), target.size_bytes());
  write(records_, &record, sizeof record);
  header_.token_count += source.size() + target.size();
  header_.source_token_count += source.size();
  ++header_.pair_count;
}

void TokenStoreWriter::append_records() {
  const std::int32_t padding = 0;
  write(tokens_, &padding, header_.token_count % 2 * sizeof padding);
  std::rewind(records_.get());
  std::vector<char> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), records_.get())) {
    write(tokens_, buffer.data(), count);
  }
  const bool written = std::ferror(records_.get()) == 0 && std::fflush(tokens_.get()) == 0;
  check_io(written, "{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void TokenStoreWriter::finish(const PairCounts& counts) {
  const bool flushed = std::fflush(records_.get()) == 0;
  check_io(flushed, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  append_records();
  header_.counts = counts;
  header_.payload_checksum = payload_checksum(MappedFile(temporary_).bytes());
  header_.header_checksum = header_checksum(header_);
  std::rewind(tokens_.get());
  write(tokens_, &header_, sizeof header_);
  const bool synced = std::fflush(tokens_.get()) == 0 && ::fsync(::fileno(tokens_.get())) == 0;
  check_io(synced, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  check_io(!error, "{}: cannot replace: {}", path_.string(), error.message());
  sync_directory(path_.has_parent_path() ? path_.parent_path() : std::filesystem::path("."));
}

}  // namespace heed
