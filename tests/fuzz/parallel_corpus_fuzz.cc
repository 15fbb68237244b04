// Parallel corpora: two files of lines, or a table of tab-separated columns.
#include "heed/base/json.h"
#include "heed/data/parallel_corpus.h"

#include "heed/base/unicode.h"
#include "heed/data/corpus_check.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  return {chosen(0, "Two dogs play .\nA man .\n\nA\tb\nÃ¤ ¿\n"),
          chosen(0, "Zwei Hunde spielen .\nEin Mann .\nDer Hund\nx\ny\n"),
          chosen(1, "Two dogs play .\tx\tZwei Hunde spielen .\nA man .\ty\tEin Mann .\n"),
          chosen(1, "a\t\tb\nc\t\tc\nа\tб\tв\r\n\u200B\t \t\uFFFD\n")};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 2);
  CorpusFiles files{.line_limit = 200};
  if (choice.index == 0) {
    files.source = {write_scratch("input.en", choice.rest)};
    files.target = {write_scratch("input.de", "eins\nzwei\ndrei\nvier\nfünf\n")};
  } else {
    files.table = {write_scratch("input.tsv", choice.rest)};
    files.target_column = 3;
  }
  const ParallelCorpus corpus(files);
  std::int64_t pairs = 0;
  const bool sound = attempt([&] {
    corpus.for_each([&](const SentencePair& pair) {
      ++pairs;
      expect(!find_invalid_utf8(pair.source) && !find_invalid_utf8(pair.target), "valid UTF-8");
    });
  });
  attempt([&] {
    const CorpusReport report = check_corpus(corpus);
    expect(report.usable() == sound, "the check and the reader of one opinion");
    expect(!sound || report.pairs == pairs, "the same number of pairs");
    expect(!find_invalid_utf8(report_text(report)), "a report in UTF-8");
    report_json(report).dump();
  });
  return 0;
}
