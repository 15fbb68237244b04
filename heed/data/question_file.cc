#include "heed/data/question_file.h"

#include <unordered_set>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/data/text_stream.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t size_limit = std::size_t{1} << 30;  // bytes

std::string whole_text(const fs::path& file) {
  TextStream stream(file);
  std::string text;
  std::vector<char> buffer(std::size_t{1} << 17);
  while (const std::size_t count = stream.read(buffer)) {
    text.append(buffer.data(), count);
    check_data(text.size() <= size_limit, "{}: is larger than {} bytes", file.string(), size_limit);
  }
  return text;
}

// The member of an object, of a type.
const Json& member(const Json& object, const char* key, bool (Json::*is)() const noexcept,
                   const std::string& place) {
  check_data(object.is_object(), "{}: expected an object with '{}'", place, key);
  const auto found = object.find(key);
  check_data(found != object.end(), "{}: '{}' is missing", place, key);
  check_data(((*found).*is)(), "{}: '{}' is of another type than expected", place, key);
  return *found;
}

std::string text_of(const Json& object, const char* key, const std::string& place) {
  return member(object, key, &Json::is_string, place).get<std::string>();
}

// The bytes at which the characters of a text begin, and its end.
std::vector<std::size_t> character_places(const std::string& text) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u) {
      places.push_back(i);
    }
  }
  places.push_back(text.size());
  return places;
}

class QuestionReader {
 public:
  explicit QuestionReader(std::string file) : file_(std::move(file)) {}

  AskedContext read(const std::string& title, const Json& paragraph) {
    AskedContext result{.title = title, .context = text_of(paragraph, "context", file_)};
    const std::vector<std::size_t> places = character_places(result.context);
    for (const Json& item : member(paragraph, "qas", &Json::is_array, file_)) {
      result.questions.push_back(question(item, result.context, places));
    }
    return result;
  }

 private:
  AskedQuestion question(const Json& item, const std::string& context,
                         const std::vector<std::size_t>& places) {
    AskedQuestion result{.id = text_of(item, "id", file_)};
    const std::string place = file_ + ": question " + result.id;
    check_data(ids_.insert(result.id).second, "{}: this id occurs twice", place);
    result.question = text_of(item, "question", place);
    check_data(result.question.find_first_not_of(" \t\n") != std::string::npos,
               "{}: 'question' is empty", place);
    for (const Json& answer : member(item, "answers", &Json::is_array, place)) {
      const std::string text = text_of(answer, "text", place);
      const Json& start = member(answer, "answer_start", &Json::is_number_integer, place);
      check_data(!text.empty(), "{}: an answer is empty", place);
      const auto begin = start.get<std::int64_t>();
      check_data(
          begin >= 0 && begin < static_cast<std::int64_t>(places.size()) - 1 &&
              context.compare(places[static_cast<std::size_t>(begin)], text.size(), text) == 0,
          "{}: the answer '{}' does not stand at character {} of its context", place, text, begin);
      const std::size_t byte = places[static_cast<std::size_t>(begin)];
      result.answers.push_back(text);
      result.spans.push_back({byte, byte + text.size()});
    }
    return result;
  }

  std::string file_;
  std::unordered_set<std::string> ids_;
};

}  // namespace

std::vector<AskedContext> read_question_file(const fs::path& file, ArticleRange articles) {
  const std::string name = file.string();
  const Json document = parse_json(whole_text(file), name);
  const Json& data = member(document, "data", &Json::is_array, name);
  const auto last = articles.last == 0 ? static_cast<std::int64_t>(data.size()) : articles.last;
  check_data(articles.first >= 1 && articles.first <= last &&
                 last <= static_cast<std::int64_t>(data.size()),
             "{}: articles {} to {} asked for, it has {}", name, articles.first, last, data.size());
  QuestionReader reader(name);
  std::vector<AskedContext> contexts;
  for (std::int64_t i = articles.first; i <= last; ++i) {
    const Json& article = data[static_cast<std::size_t>(i - 1)];
    const std::string title =
        article.is_object() && article.contains("title") ? text_of(article, "title", name) : "";
    for (const Json& paragraph : member(article, "paragraphs", &Json::is_array, name)) {
      contexts.push_back(reader.read(title, paragraph));
    }
  }
  check_data(!contexts.empty(), "{}: holds no paragraphs", name);
  return contexts;
}

}  // namespace heed
