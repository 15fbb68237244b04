// TensorBoard event files: read whole, and continued by a run that resumes. Each input is tried as
// it is and with checksums that fit its records.
#include "heed/formats/event_file.h"

#include <cstring>

#include "heed/base/files.h"
#include "heed/formats/checksum.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

void put_masked_checksum(std::string& file, std::size_t begin, std::size_t size) {
  const std::uint32_t checksum = crc32c(std::string_view(file).substr(begin, size));
  const std::uint32_t masked = (checksum >> 15 | checksum << 17) + 0xA282EAD8u;
  std::memcpy(file.data() + begin + size, &masked, sizeof masked);
}

std::string with_own_checksums(std::string_view input) {
  std::string file(input);
  for (std::size_t begin = 0; file.size() - begin >= 16;) {
    std::uint64_t size = 0;
    std::memcpy(&size, file.data() + begin, sizeof size);
    put_masked_checksum(file, begin, 8);
    if (size > file.size() - begin - 16) {
      break;
    }
    put_masked_checksum(file, begin + 12, size);
    begin += size + 16;
  }
  return file;
}

void read_and_continue(const std::filesystem::path& path) {
  const std::size_t count = read_event_file(path).size();
  EventFileWriter(path).add_scalar("loss", 0.5, 99);
  // An empty file gets its version record, too.
  expect(read_event_file(path).size() == (count == 0 ? 2 : count + 1), "one event more");
}

}  // namespace

std::vector<std::string> seeds() {
  const std::filesystem::path path = scratch_folder() / "seed.tfevents";
  EventFileWriter writer(path);
  writer.flush();
  std::vector<std::string> result = {read_file(path)};
  writer.add_scalar("train/loss", 4.25, 1, 1.5e9);
  writer.add_scalar("validation/bleu", 30.5, 300, 1.5e9);
  writer.flush();
  result.push_back(read_file(path));
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  for (const std::string& file : {std::string(input), with_own_checksums(input)}) {
    const auto path = write_scratch("input.tfevents", file);
    attempt([&] { read_and_continue(path); });
    write_scratch("input.tfevents", file);
    attempt([&] { EventFileWriter(path, 50).add_scalar("loss", 0.5, 51); });
  }
  return 0;
}
