#include "heed/data/question_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* file = R"({"version": "1.1", "data": [
 {"title": "A", "paragraphs": [{"context": "Zürich liegt in der Schweiz.", "qas": [
   {"id": "1", "question": "Wo?", "answers": [{"answer_start": 20, "text": "Schweiz"},
                                              {"answer_start": 16, "text": "der Schweiz"}]},
   {"id": "2", "question": "Wann?", "answers": []}]}]},
 {"title": "B", "paragraphs": [{"context": "x", "qas": []}]}]})";

using QuestionFileTest = FileTest;

TEST_F(QuestionFileTest, OffsetsCountCharacters) {
  const auto contexts = read_question_file(write_gzip("a.json.gz", file));
  ASSERT_EQ(contexts.size(), 2u);
  const auto& questions = contexts[0].questions;
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_THAT(questions[0].answers, ElementsAre("Schweiz", "der Schweiz"));
  EXPECT_EQ(questions[0].spans[0].begin, 21u);  // in bytes
  EXPECT_EQ(questions[0].spans[0].end, 28u);
  EXPECT_TRUE(questions[1].answers.empty());
  EXPECT_EQ(read_question_file(path("a.json.gz"), {.first = 2})[0].title, "B");
}

TEST_F(QuestionFileTest, WhatIsWrongIsTold) {
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string text = file;
    text.replace(text.find(from), from.size(), to);
    const std::string name = write("a.json", text);
    return error_of(ErrorKind::bad_data, [&] { read_question_file(name); });
  };
  EXPECT_THAT(refusal("20", "21"),
              HasSubstr("a.json: question 1: the answer 'Schweiz' does not stand at character 21"));
  EXPECT_THAT(refusal("20", "2000"), HasSubstr("does not stand at character 2000"));
  EXPECT_THAT(refusal("20", "-1"), HasSubstr("does not stand at character -1"));
  EXPECT_THAT(refusal("20", "9223372036854775807"), HasSubstr("does not stand at character 92"));
  EXPECT_THAT(refusal("\"Schweiz\"", "\"\""), HasSubstr("an answer is empty"));
  EXPECT_THAT(refusal("\"id\": \"2\"", "\"id\": \"1\""), HasSubstr("this id occurs twice"));
  EXPECT_THAT(refusal("\"paragraphs\"", "\"paragraph\""), HasSubstr("'paragraphs' is missing"));
  EXPECT_THAT(refusal("\"Wann?\"", "7"), HasSubstr("question 2: 'question' is of another type"));
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [&] { read_question_file(write("b", file), {.first = 1, .last = 3}); }),
              HasSubstr("articles 1 to 3 asked for, it has 2"));
}

}  // namespace
}  // namespace heed
