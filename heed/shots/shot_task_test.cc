#include "heed/shots/shot_task.h"

#include "heed/shots/python_random.h"
#include "heed/shots/shot_documents.h"
#include "heed/shots/shot_prompts.h"
#include "heed/shots/test_tasks.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What Python 3.11 draws with random.Random(1234).
TEST(PythonRandom, DrawsWhatPythonDraws) {
  PythonRandom random(1234);
  EXPECT_THAT(random.sample(1000, 3), ElementsAre(989, 796, 451));
  EXPECT_THAT(random.sample(10, 4), ElementsAre(1, 0, 9, 6));
  EXPECT_THAT(random.sample(90, 6), ElementsAre(74, 4, 85, 88, 10, 12));
  EXPECT_THAT(random.sample(50, 16),
              ElementsAre(49, 22, 15, 1, 46, 45, 48, 41, 39, 30, 42, 29, 9, 5, 11, 7));
}

using ShotTaskFile = TaskFileTest;

TEST_F(ShotTaskFile, IsRead) {
  const ShotTask read = task(std::string(choices) +
                             "task: sums\ndescription: \"Sums.\\n\"\ntarget_delimiter: \" \"\n"
                             "metric_list: [{metric: acc_norm, aggregation: mean}]\n"
                             "metadata: {version: 1.0}\n");
  EXPECT_EQ(read.name, "sums");
  EXPECT_EQ(read.documents.size(), 3u);
  ASSERT_EQ(read.metrics.size(), 1u);
  EXPECT_EQ(read.metrics[0].name, "acc_norm");
  EXPECT_THAT(choices_of(read, read.documents[1]), ElementsAre("4", "5"));
  EXPECT_EQ(answer_of(read, read.documents[1], {"4", "5"}), 1u);
}

// An answer is a number of a choice or its text.
TEST_F(ShotTaskFile, AnswersByNumberOrText) {
  write_file(folder_ / "data.jsonl",
             "{\"q\": \"\", \"options\": [\"no\", \"yes\"], \"gold\": \"yes\"}\n"
             "{\"q\": \"\", \"options\": [], \"gold\": \"5\"}\n");
  const ShotTask read = task("doc_to_choice: \"{{options}}\"\ndoc_to_target: \"{{gold}}\"\n");
  EXPECT_EQ(answer_of(read, read.documents[0], {"no", "yes"}), 1u);
  EXPECT_EQ(answer_of(read, read.documents[1], {"a", "b", "c", "d", "e", "f"}), 5u);
}

TEST_F(ShotTaskFile, PromptsHoldExamplesWithTheirAnswers) {
  const ShotTask read = task(std::string(choices) +
                             "fewshot_config: {sampler: first_n}\n"
                             "description: \"Sums.\\n\"\n");
  EXPECT_THAT(shot_prompts(read, 1, 0, 1234), ElementsAre("Sums.\n1 + 1 ="));
  EXPECT_THAT(shot_prompts(read, 1, 2, 1234),
              ElementsAre("Sums.\n1 + 1 = 2\n\n2 + 3 = 5\n\n1 + 1 ="));
  // Where the documents themselves are shown, none is shown to itself.
  const ShotTask same =
      task(std::string(choices) + "fewshot_config: {sampler: first_n}\nfewshot_split: test\n");
  EXPECT_THAT(shot_prompts(same, 2, 2, 1234), ElementsAre("2 + 3 = 5\n\n2 + 2 = 4\n\n1 + 1 =",
                                                          "1 + 1 = 2\n\n2 + 2 = 4\n\n2 + 3 ="));
  EXPECT_THROW(shot_prompts(same, 1, 3, 1234), Error);
}

TEST_F(ShotTaskFile, DrawsTheSameExamplesForTheSameSeed) {
  const ShotTask read = task(choices);
  const auto drawn = shot_prompts(read, 3, 2, 7);
  EXPECT_EQ(shot_prompts(read, 3, 2, 7), drawn);
  EXPECT_EQ(shot_prompts(read, 2, 2, 7), std::vector(drawn.begin(), drawn.begin() + 2));
}

TEST_F(ShotTaskFile, WhatIsCodeOrUnknownIsRefused) {
  const std::string good = choices;
  EXPECT_THAT(refusal(good + "process_docs: f\n"), HasSubstr("process_docs: names code"));
  EXPECT_THAT(refusal(good + "doc_to_decontaminate: q\n"), HasSubstr("heed does not know the key"));
  EXPECT_THAT(refusal(good + "fewshot_spilt: test\n"), HasSubstr("did you mean 'fewshot_split'?"));
  EXPECT_THAT(refusal(good + "description: !function utils.f\n"), HasSubstr("task.yaml"));
  EXPECT_THAT(refusal("doc_to_choice: \"{{options|list}}\"\ndoc_to_target: gold\n"),
              HasSubstr("doc_to_choice: 'options|list' is code"));
  EXPECT_THAT(refusal("doc_to_choice: options\n"), HasSubstr("'doc_to_target' is missing"));
  EXPECT_THAT(refusal("doc_to_target: gold\n"), HasSubstr("'doc_to_choice' is missing"));
  EXPECT_THAT(refusal(good, "loglikelihood_rolling"),
              HasSubstr("'loglikelihood_rolling': heed knows"));
  EXPECT_THAT(refusal(good + "metric_list: [{metric: f1}]\n"), HasSubstr("'f1': heed knows acc"));
  EXPECT_THAT(refusal(good + "num_fewshot: -1\n"), HasSubstr("expected a number from 0"));
  EXPECT_THAT(
      refusal(good + "filter_list: [{name: x, filter: [{function: regex}]}]\n", "generate_until"),
      HasSubstr("'regex': heed knows take_first"));
}

TEST_F(ShotTaskFile, DataThatDoNotFitAreNamedWithTheirLine) {
  write_file(folder_ / "data.jsonl", "{\"q\": \"a\"}\n[1]\n");
  EXPECT_THAT(refusal(choices), HasSubstr("data.jsonl:2: expected an object"));
  write_file(folder_ / "data.jsonl", "{\"q\": \"a\"}\n{\"q\":\n");
  EXPECT_THAT(refusal(choices), HasSubstr("data.jsonl:2"));
  write_file(folder_ / "data.jsonl", "\n");
  EXPECT_THAT(refusal(choices), HasSubstr("holds no examples"));
  write_file(folder_ / "data.jsonl", "{\"q\": \"a\", \"options\": [\"b\"], \"gold\": 4}\n");
  const ShotTask read = task(choices);
  EXPECT_THROW(answer_of(read, read.documents[0], {"b"}), Error);
}

TEST_F(ShotTaskFile, TablesAreRead) {
  write_file(folder_ / "a.csv", "text,label\n\"a, \"\"b\"\"\",1\nc,x\n");
  const auto table = read_shot_documents(folder_ / "a.csv", {.kind = "csv"});
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[0], (Json{{"text", "a, \"b\""}, {"label", 1}}));
  EXPECT_EQ(table[1].at("label"), "x");
  write_file(folder_ / "b.tsv", "it 's \"fine\t0\n");
  const auto lines = read_shot_documents(
      folder_ / "b.tsv",
      {.kind = "csv", .delimiter = "\t", .quoting = false, .columns = {"sentence", "label"}});
  EXPECT_EQ(lines[0], (Json{{"sentence", "it 's \"fine"}, {"label", 0}}));
  write_file(folder_ / "b.tsv", "a\tb\tc\n");
  EXPECT_THROW(
      read_shot_documents(folder_ / "b.tsv",
                          {.kind = "csv", .delimiter = "\t", .columns = {"sentence", "label"}}),
      Error);
}

}  // namespace
}  // namespace heed
