// Questions about texts whose answers are pieces of them, as SQuAD keeps them (Rajpurkar et al.,
// "SQuAD: 100,000+ questions for machine comprehension of text", 2016): JSON of articles with
// paragraphs, each a context with questions.
//
//   const auto articles = read_question_file("dev-v1.1.json.gz");
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace heed {

// Where an answer stands in its context, in bytes of UTF-8.
struct AnswerSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct AskedQuestion {
  std::string id;
  std::string question;
  std::vector<std::string> answers;  // any of them is right; none: the context does not say
  std::vector<AnswerSpan> spans;     // of the answers
};

struct AskedContext {
  std::string title;  // of the article
  std::string context;
  std::vector<AskedQuestion> questions;
};

// Plain or .gz. `articles`: all, or those numbered first … last, from 1. Errors: input_output;
// bad_data naming the file and the question's id: no such JSON, an answer that does not stand at
// its offset (which counts characters), one that is empty, an id that occurs twice.
struct ArticleRange {
  std::int64_t first = 1;
  std::int64_t last = 0;  // 0: to the end
};
std::vector<AskedContext> read_question_file(const std::filesystem::path& file,
                                             ArticleRange articles = {});

}  // namespace heed
