// Sentences whose words carry tags, from columns as the CoNLL shared tasks have them: a word a
// line, sentences parted by blank lines.
//
//   const auto sentences = read_tagged_sentences({"wnut17train.conll"}, {.tag = 2});
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace heed {

struct TaggedTextConfig {
  std::string format;
  int word = 0;
  int tag = 0;
  std::string encoding = "utf-8";
  std::vector<std::string> tags;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("format", format,
          "conll (columns parted by white space, or by tabs where a line has one) or conllu "
          "(Universal Dependencies: comments, words of several tokens and empty nodes are passed "
          "over); empty: as the file is called, .conllu, otherwise conll");
    visit("word", word, "column of the word, from 1; 0: the first, of conllu the second");
    visit("tag", tag, "column of the tag; 0: the last, of conllu the fourth (UPOS)");
    visit("encoding", encoding, "of the files: utf-8 or latin-1");
    visit("tags", tags,
          "all tags, in the order of their numbers; none: those of the training data, sorted");
  }
};

// Errors (usage) name the key, as one of data.
void check_tagged_text_config(const TaggedTextConfig& config);

struct TaggedSentence {
  std::vector<std::string> words;
  std::vector<std::string> tags;
  std::string place;  // "FILE:LINE" of its first word
};

// A line that holds nothing but white space is blank. Lines that begin with "# " are comments in
// conllu, and "-DOCSTART-" lines are passed over in conll. Errors: those of LineReader; bad_data
// naming file and line: fewer columns than asked for, another number of columns than the line
// before has, an empty word or tag; a file without sentences.
std::vector<TaggedSentence> read_tagged_sentences(std::span<const std::filesystem::path> files,
                                                  const TaggedTextConfig& config);

}  // namespace heed
