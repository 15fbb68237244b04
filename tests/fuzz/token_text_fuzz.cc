// The memory-mapped ids of running text, as they are and with checksums that fit.
#include "heed/data/token_text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "heed/base/files.h"
#include "heed/text/fingerprint.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::size_t header_size = 128;

std::string with_own_checksums(std::string_view input) {
  std::string file(input);
  if (file.size() < header_size) {
    return file;
  }
  TokenTextHeader header;
  std::memcpy(&header, file.data(), sizeof header);
  StreamFingerprint payload;
  payload.add(std::string_view(file).substr(header_size));
  payload.end();
  header.payload_checksum = payload.value();
  header.header_checksum = 0;
  header.header_checksum = fingerprint_of({reinterpret_cast<const char*>(&header), sizeof header});
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

void read_everything(const std::filesystem::path& path) {
  const TokenText text(path);
  std::vector<std::int32_t> ids;
  text.append(0, text.size(), ids);
  for (std::int64_t i = 0; i < text.size(); ++i) {
    expect(ids[static_cast<std::size_t>(i)] == text[i] && text[i] >= 0, "the same ids either way");
  }
  for (const std::uint64_t document : text.documents()) {
    expect(document < ids.size(), "documents that begin in the text");
  }
}

}  // namespace

std::vector<std::string> seeds() {
  const std::filesystem::path path = scratch_folder() / "seed.tokens";
  std::vector<std::string> result;
  for (const int vocabulary : {300, 70'000}) {
    TokenTextWriter writer(path, vocabulary, true);
    writer.begin_document();
    writer.add(std::array{1, 2, 299});
    writer.begin_document();
    writer.add(std::array{4, 5});
    writer.finish({.bytes = 5, .characters = 5, .words = 2, .lines = 1}, {7, 8});
    result.push_back(read_file(path));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  attempt([&] { read_everything(write_scratch("input.tokens", input)); });
  attempt([&] { read_everything(write_scratch("sound.tokens", with_own_checksums(input))); });
  return 0;
}
