#include "heed/formats/event_file.h"

#include <bit>
#include <chrono>
#include <cstring>
#include <optional>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/formats/checksum.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/formats/raw_bytes.h"

namespace heed {

namespace {

constexpr std::string_view file_version = "brain.Event:2";
constexpr std::uint64_t record_limit = std::uint64_t{1} << 30;

// The checksum of data that may itself hold checksums (record_writer.h).
std::uint32_t masked_crc32c(std::string_view data) {
  const std::uint32_t checksum = crc32c(data);
  return std::rotr(checksum, 15) + 0xA282EAD8u;
}

std::string frame(std::string_view data) {
  std::string record;
  append_raw(record, std::uint64_t{data.size()});
  append_raw(record, masked_crc32c(record));
  record += data;
  append_raw(record, masked_crc32c(data));
  return record;
}

// Walks the records of a file's content.
class RecordReader {
 public:
  RecordReader(std::string_view content, std::string source)
      : rest_(content), size_(content.size()), source_(std::move(source)) {}

  // The next record's data; nothing at the end, or where what is left is the beginning of a record.
  std::optional<std::string_view> next() {
    if (rest_.size() < 12) {
      return std::nullopt;
    }
    std::uint64_t length = 0;
    std::memcpy(&length, rest_.data(), 8);
    check_data(checksum_at(8) == masked_crc32c(rest_.substr(0, 8)) && length <= record_limit,
               "{}: the length of the record at byte {} is damaged", source_, position());
    if (rest_.size() - 12 < length + 4) {
      return std::nullopt;
    }
    const std::string_view data = rest_.substr(12, length);
    check_data(checksum_at(12 + length) == masked_crc32c(data),
               "{}: the record at byte {} is damaged", source_, position());
    rest_.remove_prefix(length + 16);
    return data;
  }

  std::size_t position() const { return size_ - rest_.size(); }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint32_t checksum_at(std::size_t offset) const {
    std::uint32_t value = 0;
    std::memcpy(&value, rest_.data() + offset, sizeof value);
    return value;
  }

  std::string_view rest_;
  std::size_t size_;
  std::string source_;
};

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// How far an event file holds.
struct ValidPart {
  std::int64_t last_step;
  std::string_view undone_tags;

  bool contains(const Event& event) const {
    const bool undone = !undone_tags.empty() && !event.scalars.empty() &&
                        event.scalars[0].tag.starts_with(undone_tags);
    return undone ? event.step < last_step : event.step <= last_step;
  }
};

// The frames of the whole records of the part. A crash of the machine may leave garbage at
// the end: a damaged record that follows a sound one ends the file.
std::string sound_records(std::string_view content, const ValidPart& part,
                          const std::string& source) {
  std::string kept;
  RecordReader records(content, source);
  try {
    while (const auto data = records.next()) {
      if (part.contains(decode_event(*data, source))) {
        kept += frame(*data);
      }
    }
  } catch (const Error&) {
    if (records.position() == 0) {
      throw;
    }
  }
  return kept;
}

// Leaves a file at `path` to append to.
std::filesystem::path prepare(const std::filesystem::path& path, const ValidPart& part) {
  std::string kept;
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    const MappedFile file(path);
    kept = sound_records(text_of(file), part, path.string());
    if (!kept.empty() && kept.size() == file.bytes().size()) {
      return path;
    }
  }
  if (kept.empty()) {
    kept = frame(encode_event({now(), 0, std::string(file_version), {}}));
  }
  write_file_atomically(path, kept);
  return path;
}

}  // namespace

EventFileWriter::EventFileWriter(const std::filesystem::path& path, std::int64_t last_step,
                                 std::string_view undone_tags)
    : writer_(prepare(path, {last_step, undone_tags}), FileWriter::Mode::append) {}

EventFileWriter::~EventFileWriter() {
  try {
    writer_.flush();
  } catch (const Error&) {
    // Nobody is left to tell; whoever must know calls flush().
  }
}

void EventFileWriter::add_scalar(std::string_view tag, double value, std::int64_t step) {
  add_scalar(tag, value, step, now());
}

void EventFileWriter::add_scalar(std::string_view tag, double value, std::int64_t step,
                                 double wall_time) {
  check(!find_invalid_utf8(tag), "event tag {}: is not UTF-8", quoted_name(tag));
  writer_.write(
      frame(encode_event({wall_time, step, {}, {{std::string(tag), static_cast<float>(value)}}})));
}

void EventFileWriter::flush() {
  writer_.flush();
}

std::vector<Event> read_event_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  RecordReader records(text_of(file), path.string());
  std::vector<Event> events;
  while (const auto data = records.next()) {
    events.push_back(decode_event(*data, path.string()));
  }
  check_data(records.at_end(), "{}: cut off in the record at byte {}", path.string(),
             records.position());
  return events;
}

}  // namespace heed
