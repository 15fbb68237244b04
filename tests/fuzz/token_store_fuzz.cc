// The memory-mapped token ids of a corpus, as they are and with checksums that fit.
#include "heed/data/token_store.h"

#include <array>
#include <cstring>

#include "heed/base/files.h"
#include "heed/text/fingerprint.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::size_t header_size = 128;

std::uint64_t fingerprint_of(std::string_view bytes) {
  Fingerprint fingerprint;
  fingerprint.add(bytes);
  return fingerprint.value();
}

std::string with_own_checksums(std::string_view input) {
  std::string file(input);
  if (file.size() < header_size) {
    return file;
  }
  TokenStoreHeader header;
  std::memcpy(&header, file.data(), sizeof header);
  header.payload_checksum = fingerprint_of(std::string_view(file).substr(header_size));
  header.header_checksum = 0;
  header.header_checksum = fingerprint_of({reinterpret_cast<const char*>(&header), sizeof header});
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

void read_everything(const std::filesystem::path& path) {
  const TokenStore store(path);
  std::int64_t source_tokens = 0;
  std::int64_t target_tokens = 0;
  for (std::int64_t i = 0; i < store.size(); ++i) {
    source_tokens += static_cast<std::int64_t>(store.source(i).size());
    target_tokens += static_cast<std::int64_t>(store.target(i).size());
    store.pair_number(i);
  }
  expect(source_tokens == store.source_token_count() && target_tokens == store.target_token_count(),
         "as many tokens as the header says");
}

}  // namespace

std::vector<std::string> seeds() {
  const std::filesystem::path path = scratch_folder() / "seed.tokens";
  std::vector<std::string> result;
  for (const int pairs : {0, 1, 4}) {
    TokenStoreWriter writer(path, 99, 50, 60);
    for (int i = 0; i < pairs; ++i) {
      writer.add(std::array{1, 2 + i, 49}, std::array{3, 4 * i}, i + 1);
    }
    writer.finish({.read = pairs, .kept = pairs});
    result.push_back(read_file(path));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  for (const std::string& file : {std::string(input), with_own_checksums(input)}) {
    const auto path = write_scratch("input.tokens", file);
    attempt([&] { read_everything(path); });
  }
  return 0;
}
