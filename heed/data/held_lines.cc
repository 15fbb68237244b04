#include "heed/data/held_lines.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/line_reader.h"

namespace heed {

std::vector<std::string> read_held_lines(const std::string& path, std::int64_t most) {
  check_file_to_hold(path);
  LineReader reader(path);
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  while (reader.line_number() < most) {
    const auto line = reader.next();
    if (!line) {
      break;
    }
    bytes += line->size();
    check_data(reader.line_number() <= held_line_limit && bytes <= held_byte_limit,
               "{}:{}: more than {} lines or {} bytes, which are held at most; use a part of it",
               path, reader.line_number(), held_line_limit, held_byte_limit);
    lines.emplace_back(*line);
  }
  return lines;
}

void for_each_held(const ParallelCorpus& corpus,
                   const std::function<void(const SentencePair&)>& visit,
                   const HeldLimits& limits) {
  const CorpusFiles& files = corpus.files();
  std::size_t source_bytes = 0, target_bytes = 0;
  corpus.for_each([&](const SentencePair& pair) {
    source_bytes += pair.source.size();
    target_bytes += pair.target.size();
    check_data(
        pair.number <= limits.lines && source_bytes <= limits.bytes && target_bytes <= limits.bytes,
        "{}: pair {}: more than {} pairs, or {} bytes of a side, which are held at most of "
        "what is validated and tested on; use a part of it",
        files.table.empty() ? files.source.front() : files.table.front(), pair.number, limits.lines,
        limits.bytes);
    visit(pair);
  });
}

}  // namespace heed
