// Task files of lm-evaluation-harness, with the data that they name: the YAML, then a line of
// dashes, then JSON lines.
#include "heed/shots/shot_prompts.h"
#include "heed/shots/shot_task.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const std::string head =
      "dataset_kwargs: {data_files: {test: data.jsonl}}\ntest_split: test\n"
      "doc_to_text: \"{{q}} {{c.text[0]}}\"\n";
  const std::string data =
      "\n----\n{\"q\": \"a\", \"c\": {\"text\": [\"x\", \"y\"]}, \"g\": 0}\n"
      "{\"q\": \"b\", \"c\": {\"text\": [\"x\", \"y\"]}, \"g\": 1}\n";
  return {
      head + "output_type: multiple_choice\ndoc_to_choice: \"{{c.text}}\"\ndoc_to_target: g" + data,
      head +
          "output_type: loglikelihood\ndoc_to_target: \" {{q}}\"\n"
          "metric_list: [{metric: acc}]\nfewshot_config: {sampler: first_n}" +
          data,
      head +
          "doc_to_target: \"{{g}}\"\ngeneration_kwargs: {until: [\"x\"], max_gen_toks: 3}\n"
          "filter_list: [{name: a, filter: [{function: take_first}]}]" +
          data};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  const std::size_t cut = std::min(input.find("\n----\n"), input.size());
  const auto path = write_scratch("task.yaml", input.substr(0, cut));
  write_scratch("data.jsonl", cut + 6 <= input.size() ? input.substr(cut + 6) : "");
  attempt([&] {
    const heed::ShotTask task = heed::read_shot_task(path);
    heed::shot_prompts(task, task.documents.size(), 1, 5);
    for (const heed::Json& document : task.documents) {
      if (task.choices.is_set()) {
        heed::answer_of(task, document, heed::choices_of(task, document));
      } else {
        heed::targets_of(task, document);
      }
    }
  });
  return 0;
}
