// What a fuzz target is made of. A file `x_fuzz.cc` feeds one parser with whatever bytes come:
//
//   std::vector<std::string> heed::fuzz::seeds() { return {valid, inputs}; }
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
//     attempt([&] { parse(text_of(data, size)); });
//     return 0;
//   }
//
// The parser may accept its input or throw heed::Error. Anything else is a defect: another
// exception, a crash, a hang, memory out of proportion to the input, a broken expect().
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace heed::fuzz {

// Inputs to begin from, most of them valid. Defined by each target.
std::vector<std::string> seeds();

// What became of the attempts with the current input, for the driver's statistics.
struct Outcome {
  int accepted = 0;
  std::vector<std::string> refusals;  // the messages
};
Outcome& outcome();

// Ends the process, with the words on stderr, unless the condition holds.
void expect(bool condition, std::string_view what);

// Keeps a refusal, after a look at its message.
void note_refusal(const Error& error);

// Runs `action`, which accepts or throws Error; whether it accepted.
template <std::invocable Action>
bool attempt(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    note_refusal(error);
    return false;
  }
  ++outcome().accepted;
  return true;
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// An input whose first byte chooses what the rest is.
struct Choice {
  std::size_t index = 0;
  std::string_view rest;
};
// With `count` possibilities; nothing chooses the first.
Choice choice_of(std::string_view input, std::size_t count);
// The input that chooses `index`.
std::string chosen(std::size_t index, std::string_view rest);

// A folder of this process, removed when it ends.
const std::filesystem::path& scratch_folder();
// Writes a file there, without the syncs that make write_file safe and slow.
std::filesystem::path write_scratch(const std::string& name, std::string_view content);
// The files right in a directory of the scratch folder, by name.
std::vector<std::string> files_in(const std::filesystem::path& directory);

}  // namespace heed::fuzz
