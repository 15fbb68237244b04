// llama2.c: a checkpoint and its tokenizer, one behind the other in the input.
#include <algorithm>
#include <cstdio>

#include "heed/interop/model_source.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Width 4, inner width 6, one layer, two heads, one of keys, 262 pieces, 4 positions.
std::string small_checkpoint() {
  std::string bytes;
  for (const std::int32_t number : {4, 6, 1, 2, 1, 262, 4}) {
    append(bytes, number);
  }
  constexpr std::size_t numbers = 262 * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 24 + 24 + 24 + 4 + 2 * 4 * 1;
  bytes.resize(bytes.size() + numbers * sizeof(float));
  return bytes;
}

std::string small_tokenizer() {
  std::string bytes;
  append(bytes, std::int32_t{6});
  const auto add = [&](float score, std::string_view piece) {
    append(bytes, score);
    append(bytes, static_cast<std::int32_t>(piece.size()));
    bytes += piece;
  };
  for (const char* piece : {"<unk>", "\n<s>\n", "\n</s>\n"}) {
    add(0, piece);
  }
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    add(0, name);
  }
  for (const char* piece : {"a", "b", "ab"}) {
    add(-1, piece);
  }
  return bytes;
}

}  // namespace

std::vector<std::string> seeds() {
  return {small_checkpoint() + small_tokenizer()};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  const std::size_t cut = std::min(input.size(), small_checkpoint().size());
  std::filesystem::create_directories(scratch_folder() / "model");
  write_scratch("model/model.bin", input.substr(0, cut));
  write_scratch("model/tokenizer.bin", input.substr(cut));
  attempt([&] {
    const heed::ModelSource source = heed::open_model_source(scratch_folder() / "model");
    const auto tensors = source.tensors({});
    for (const std::string& name : tensors->names()) {
      tensors->tensor(name);
    }
    source.tokenizers().target->encode("abba \n");
  });
  return 0;
}
