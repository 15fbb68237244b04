// Lines of text: plain, compressed by gzip, or what should be.
#include "heed/data/line_reader.h"

#include <fmt/format.h>

#include <zlib.h>

#include "heed/base/files.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::size_t line_limit = 40;

std::string compressed(std::string_view content) {
  const std::string path = (scratch_folder() / "made.gz").string();
  const gzFile file = gzopen(path.c_str(), "wb1");
  expect(file != nullptr, "a file to compress into");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return read_file(path);
}

// What the reader says of a file, line by line.
std::string description(const std::filesystem::path& path) {
  LineReader reader(path, line_limit);
  std::string result;
  while (const auto line = reader.next_with_problem()) {
    expect(line->text.size() <= line_limit, "no more of a line than the limit");
    expect(line->problem != LineProblem::none || line->text.find('\n') == std::string_view::npos,
           "a line without line breaks");
    result += fmt::format("{} {} {} {}\n", line->number, static_cast<int>(line->problem),
                          line->problem_byte, line->text);
  }
  return result;
}

void read_strictly(const std::filesystem::path& path) {
  LineReader reader(path, line_limit);
  while (const auto line = reader.next()) {
    tsv_column(*line, 1 + static_cast<int>(reader.line_number() % 3), reader);
  }
}

}  // namespace

std::vector<std::string> seeds() {
  const std::string text =
      "\xEF\xBB\xBFTwo dogs\tzwei Hunde\tx\r\n\na\tb\tc\nÄ ö ü ß\t狗\t\nlast\t1\t2";
  return {chosen(0, text), chosen(0, std::string(45, 'x') + "\ny\n"), chosen(1, compressed(text)),
          chosen(1, compressed("a\nb\n") + compressed("c\n")), chosen(1, text)};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 2);
  if (choice.index == 1) {
    const auto path = write_scratch("input.gz", choice.rest);
    attempt([&] { description(path); });
    return 0;
  }
  // zlib takes content that begins like a gzip file for one.
  const bool like_gzip = choice.rest.starts_with("\x1F\x8B");
  const auto plain = write_scratch("input.txt", choice.rest);
  attempt([&] { read_strictly(plain); });
  attempt([&] {
    const auto packed = write_scratch("packed.gz", compressed(choice.rest));
    expect(like_gzip || description(plain) == description(packed), "the same lines, compressed");
  });
  return 0;
}
