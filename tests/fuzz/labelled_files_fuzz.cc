// Files of a user's examples: tables, JSON lines, tagged words, questions.
#include "heed/data/labelled_texts.h"
#include "heed/data/question_file.h"
#include "heed/data/tagged_sentences.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  return {chosen(0, "text,label\n\"a, \"\"b\"\"\",x\n\"two\nlines\",y\n"),
          chosen(1, "\xEF\xBB\xBFtext\tlabel\r\nit 's \"fine\t0\r\n\xC3\xA9\t1\r\n"),
          chosen(2, "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": 2}\n"),
          chosen(3, "A\tO\nLondon\tB-location\n\t\nx\tO\n"),
          chosen(4, "# id\n1-2\tdon't\t_\t_\n1\tdo\tdo\tAUX\n2\tn't\tnot\tPART\n\n"),
          chosen(5,
                 "{\"data\": [{\"title\": \"A\", \"paragraphs\": [{\"context\": \"a bc d\", "
                 "\"qas\": [{\"id\": \"1\", \"question\": \"q\", \"answers\": "
                 "[{\"answer_start\": 2, \"text\": \"bc\"}]}]}]}]}")};
}

namespace {

void read(std::size_t kind, const std::filesystem::path& file) {
  if (kind < 3) {
    const LabelledTextConfig config{.format = kind == 0 ? "csv" : kind == 1 ? "tsv" : "jsonl"};
    const auto examples = read_labelled_texts({&file, 1}, config);
    const LabelSet labels = LabelSet::of(examples, config);
    for (const LabelledText& example : examples) {
      labels.number_of(example.labels.front(), example.place);
    }
  } else if (kind < 5) {
    for (const TaggedSentence& sentence :
         read_tagged_sentences({&file, 1}, {.format = kind == 3 ? "conll" : "conllu"})) {
      expect(sentence.words.size() == sentence.tags.size(), "a tag for each word");
    }
  } else {
    for (const AskedContext& context : read_question_file(file)) {
      for (const AskedQuestion& question : context.questions) {
        for (std::size_t i = 0; i < question.spans.size(); ++i) {
          const AnswerSpan span = question.spans[i];
          expect(context.context.substr(span.begin, span.end - span.begin) == question.answers[i],
                 "an answer at its place");
        }
      }
    }
  }
}

}  // namespace

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 6);
  const auto file = write_scratch("examples", choice.rest);
  attempt([&] { read(choice.index, file); });
  return 0;
}
