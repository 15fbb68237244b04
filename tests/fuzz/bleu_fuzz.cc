// BLEU and chrF on lines that may hold anything.
#include "heed/metrics/bleu.h"

#include <cmath>

#include "heed/metrics/chrf.h"
#include "heed/metrics/text_rules.h"
#include "heed/metrics/tokenizers.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  return {"Two dogs play.", "\"It's 3,5 %\" -- said <Mr. O'Neill> &amp; co. (U.S.)",
          "他说：“你好！” 2021年", "a-b c/d e_f 1-2 .5 5. ,x x, $5 €6", "\u00A0\u2003\u0085 İ Σ"};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  for (const BleuTokenizer tokenizer :
       {BleuTokenizer::mteval_13a, BleuTokenizer::international, BleuTokenizer::character,
        BleuTokenizer::none, BleuTokenizer::chinese}) {
    attempt([&] {
      for (const std::u32string& token : tokenize_for_bleu(code_points(input, false), tokenizer)) {
        expect(!token.empty(), "tokens with characters");
      }
      const Bleu bleu({.tokenizer = tokenizer, .lowercase = true});
      const std::vector<std::string_view> references = {input, "Two dogs play."};
      const double score = bleu.score(bleu.sentence_statistics(input, references)).score;
      expect(score >= 0 && score < 100.0001, "a score from 0 to 100");
    });
  }
  attempt([&] {
    const Chrf chrf;
    const std::vector<std::string_view> references = {input};
    const double score = chrf.score_of(chrf.sentence_statistics(input, references));
    expect(score >= 0 && score < 100.0001, "a score from 0 to 100");
  });
  return 0;
}
