// TensorBoard event files: scalars over steps.
//
//   EventFileWriter events("run/events.out.tfevents.1");
//   events.add_scalar("train/loss", 4.2, 100);
//   events.flush();
//
// Records are framed as in TensorFlow's TFRecord: length, masked CRC32C of it, data, masked CRC32C
// of that (tensorflow/core/lib/io/record_writer.h). The data is one Event.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string_view>
#include <vector>

#include "heed/formats/event_message.h"
#include "heed/formats/file_writer.h"

namespace heed {

class EventFileWriter {
 public:
  // Opens `path` for appending. A new file gets its version record. Of one that exists, the whole
  // records up to `last_step` stay and everything after them goes, atomically: so a run that was
  // killed and resumes from an older checkpoint shows no step twice. (A damaged record ends the
  // file too.) Of `last_step` itself, scalars whose tag begins with `undone_tags` go as well,
  // unless that is empty. TensorBoard only looks at files whose name contains "tfevents". Errors:
  // input_output; bad_data when the file is something else.
  explicit EventFileWriter(const std::filesystem::path& path,
                           std::int64_t last_step = std::numeric_limits<std::int64_t>::max(),
                           std::string_view undone_tags = {});
  // Flushes as far as it can.
  ~EventFileWriter();
  EventFileWriter(const EventFileWriter&) = delete;
  EventFileWriter& operator=(const EventFileWriter&) = delete;

  // `tag` is UTF-8; slashes group it. Without a time, now.
  void add_scalar(std::string_view tag, double value, std::int64_t step);
  void add_scalar(std::string_view tag, double value, std::int64_t step, double wall_time);
  // Hands everything to the system, where TensorBoard sees it.
  void flush();

 private:
  FileWriter writer_;
};

// All events of a file. Errors (bad_data) name the file and the byte: a wrong checksum, a record
// that is cut off, a damaged message. Fields that heed does not write are skipped.
std::vector<Event> read_event_file(const std::filesystem::path& path);

}  // namespace heed
