// Texts with labels, or pairs of texts, from files of a user's: what a classifier learns from.
//
//   const auto examples = read_labelled_texts({"train.tsv"}, config);
//   const LabelSet labels = LabelSet::of(examples, config);
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heed {

// How examples lie in files.
struct LabelledTextConfig {
  std::string format;
  std::string delimiter;
  std::vector<std::string> columns;
  std::string surplus = "refuse";
  std::string encoding = "utf-8";
  std::string text = "text";
  std::string second;
  std::string label = "label";
  std::string target = "class";
  std::string label_separator = ",";
  std::string label_until;
  std::vector<std::string> labels;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("format", format,
          "tsv (tab-separated, quotation marks are signs like others), csv (RFC 4180) or jsonl; "
          "empty: as the file is called, .csv or .jsonl, otherwise tsv");
    visit("delimiter", delimiter, "of tsv and csv, one character; empty: a tab, or a comma");
    visit("columns", columns, "names of the columns; none: the first line holds them");
    visit("surplus", surplus,
          "cells beyond the last column: refuse, drop, or join (they belong to the last one)");
    visit("encoding", encoding, "of the files: utf-8 or latin-1");
    visit("text", text, "column, or key, of the text");
    visit("second", second, "column of the second text of a pair; empty: single texts");
    visit("label", label, "column of the label");
    visit("target", target,
          "class (one label each), classes (any number of them) or number (regression)");
    visit("label_separator", label_separator, "target classes, in tables: what parts the labels");
    visit("label_until", label_until,
          "of a label, only what stands before this counts: \":\" makes DESC of DESC:manner");
    visit("labels", labels,
          "all labels, in the order of their numbers; none: those of the training data, sorted");
  }

  bool is_pair() const { return !second.empty(); }
};

// Errors (usage) name the key, as one of data.
void check_labelled_text_config(const LabelledTextConfig& config);

struct LabelledText {
  std::string text;
  std::string second;               // of a pair
  std::vector<std::string> labels;  // one, or with target classes any number
  double value = 0;                 // target number
  std::string place;                // "FILE:LINE"
};

// All rows of the files, in order. Errors: those of TableReader; bad_data naming file and line: a
// column that is missing, a text or label that is empty or of another kind than before, a number
// that is none; a file without examples.
std::vector<LabelledText> read_labelled_texts(std::span<const std::filesystem::path> files,
                                              const LabelledTextConfig& config);

// The labels of a task and their numbers.
class LabelSet {
 public:
  LabelSet() = default;
  // Errors (bad_data): none, or one name twice.
  explicit LabelSet(std::vector<std::string> names);
  // Those that the configuration names, else those that occur, sorted: by number where all are
  // whole numbers. With target number there are none. Errors (bad_data): one class only, where a
  // text has one class.
  static LabelSet of(std::span<const LabelledText> training, const LabelledTextConfig& config);

  const std::vector<std::string>& names() const { return names_; }
  std::int64_t size() const { return static_cast<std::int64_t>(names_.size()); }
  std::optional<std::int32_t> find(const std::string& name) const;
  // Error (bad_data) names `place`: it is none of them.
  std::int32_t number_of(const std::string& name, const std::string& place) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace heed
