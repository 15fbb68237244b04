#include "heed/data/tagged_sentences.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "heed/base/error.h"
#include "heed/data/line_reader.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view white_space = " \t\r\v\f";

// By tabs where the line has one, so that a cell may hold blanks.
std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  const std::string_view signs = line.find('\t') != std::string_view::npos ? "\t" : " ";
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find_first_of(signs, begin), line.size());
    if (signs == "\t" || end > begin) {
      columns.push_back(line.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return columns;
}

bool is_conllu(const fs::path& file, const TaggedTextConfig& config) {
  fs::path name = file;
  if (name.extension() == ".gz") {
    name.replace_extension();
  }
  return config.format.empty() ? name.extension() == ".conllu" : config.format == "conllu";
}

class SentenceReader {
 public:
  SentenceReader(const fs::path& file, const TaggedTextConfig& config)
      : conllu_(is_conllu(file, config)),
        word_(config.word > 0 ? config.word
              : conllu_       ? 2
                              : 1),
        tag_(config.tag > 0 ? config.tag
             : conllu_      ? 4
                            : 0),
        lines_(file, default_line_limit, parse_line_encoding(config.encoding, "data.encoding")) {}

  void read(std::vector<TaggedSentence>& sentences) {
    TaggedSentence sentence;
    const auto finish = [&] {
      if (!sentence.words.empty()) {
        sentences.push_back(std::move(sentence));
      }
      sentence = {};
    };
    while (const auto line = lines_.next()) {
      if (line->find_first_not_of(white_space) == std::string_view::npos) {
        finish();
      } else if (!is_passed_over(*line)) {
        add(*line, sentence);
      }
    }
    finish();
  }

 private:
  std::string place() const { return lines_.name() + ":" + std::to_string(lines_.line_number()); }

  bool is_passed_over(std::string_view line) const {
    if (!conllu_) {
      return line.starts_with("-DOCSTART-");
    }
    // "1-2" is a word that the next two spell, "8.1" one that is not written.
    const std::string_view id = line.substr(0, line.find('\t'));
    return line.front() == '#' || id.find_first_of("-.") != std::string_view::npos;
  }

  void add(std::string_view line, TaggedSentence& sentence) {
    const auto columns = columns_of(line);
    const int count = static_cast<int>(columns.size());
    const int tag = tag_ > 0 ? tag_ : count;
    check_data(count >= std::max({word_, tag, 2}), "{}: {} column{}, expected at least {}", place(),
               count, count == 1 ? "" : "s", std::max({word_, tag, 2}));
    check_data(columns_ == 0 || count == columns_, "{}: {} columns, but {} before", place(), count,
               columns_);
    columns_ = count;
    const auto cell = [&](int column, const char* name) {
      const std::string_view text = columns[static_cast<std::size_t>(column - 1)];
      check_data(text.find_first_not_of(white_space) != std::string_view::npos,
                 "{}: the {} (column {}) is empty", place(), name, column);
      return std::string(text);
    };
    if (sentence.words.empty()) {
      sentence.place = place();
    }
    sentence.words.push_back(cell(word_, "word"));
    sentence.tags.push_back(cell(tag, "tag"));
  }

  bool conllu_;
  int word_, tag_;
  int columns_ = 0;
  LineReader lines_;
};

}  // namespace

void check_tagged_text_config(const TaggedTextConfig& config) {
  check_usage(config.format.empty() || config.format == "conll" || config.format == "conllu",
              "data.format '{}': expected conll or conllu", config.format);
  check_usage(config.word >= 0 && config.tag >= 0,
              "data.word, data.tag: columns count from 1, got {} and {}", config.word, config.tag);
  check_usage(config.word == 0 || config.word != config.tag,
              "data.tag: column {} is the word's already", config.tag);
  parse_line_encoding(config.encoding, "data.encoding");
}

std::vector<TaggedSentence> read_tagged_sentences(std::span<const fs::path> files,
                                                  const TaggedTextConfig& config) {
  std::vector<TaggedSentence> sentences;
  for (const fs::path& file : files) {
    const std::size_t before = sentences.size();
    SentenceReader(file, config).read(sentences);
    check_data(sentences.size() > before, "{}: holds no sentences", file.string());
  }
  return sentences;
}

}  // namespace heed
