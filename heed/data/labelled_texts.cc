#include "heed/data/labelled_texts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "heed/base/error.h"
#include "heed/data/table_reader.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

TableFormat table_format_of(const fs::path& file, const LabelledTextConfig& config) {
  fs::path name = file;
  if (name.extension() == ".gz") {
    name.replace_extension();
  }
  const std::string ending = name.extension().string();
  std::string kind = config.format;
  if (kind.empty()) {
    kind = ending == ".csv" ? "csv" : ending == ".jsonl" || ending == ".json" ? "jsonl" : "tsv";
  }
  TableFormat format;
  format.kind = kind == "jsonl" ? "json" : "csv";
  format.delimiter = !config.delimiter.empty() ? config.delimiter : kind == "csv" ? "," : "\t";
  format.quoting = kind == "csv";
  format.columns = config.columns;
  format.surplus = config.surplus == "drop"   ? SurplusCells::drop
                   : config.surplus == "join" ? SurplusCells::join
                                              : SurplusCells::refuse;
  format.encoding = parse_line_encoding(config.encoding, "data.encoding");
  return format;
}

const char* kind_of(const Json& value) {
  return value.is_string()    ? "text"
         : value.is_boolean() ? "a truth value"
         : value.is_number()  ? "a number"
         : value.is_array()   ? "a list"
                              : "something else";
}

// Reads the rows of one file after another.
class ExampleReader {
 public:
  explicit ExampleReader(const LabelledTextConfig& config) : config_(config) {}

  void read(const fs::path& file, std::vector<LabelledText>& examples) {
    const std::size_t before = examples.size();
    TableReader rows(file, table_format_of(file, config_));
    while (const auto row = rows.next()) {
      examples.push_back(example(*row, rows.place()));
    }
    check_data(examples.size() > before, "{}: holds no examples", file.string());
  }

 private:
  LabelledText example(const Json& row, const std::string& place) {
    LabelledText result{.text = text_at(row, config_.text, place), .place = place};
    if (config_.is_pair()) {
      result.second = text_at(row, config_.second, place);
    }
    const Json& label = at(row, config_.label, place);
    if (config_.target == "number") {
      result.value = number(label, place);
    } else if (config_.target == "classes") {
      result.labels = several(label, place);
    } else {
      result.labels = {one(label, place)};
    }
    return result;
  }

  static const Json& at(const Json& row, const std::string& column, const std::string& place) {
    const auto found = row.find(column);
    if (found == row.end()) {
      std::string known;
      for (const auto& item : row.items()) {
        known += (known.empty() ? "" : ", ") + item.key();
      }
      fail(ErrorKind::bad_data, "{}: no column '{}'; there are {} (data.columns names them)", place,
           column, known);
    }
    return *found;
  }

  static std::string text_at(const Json& row, const std::string& column, const std::string& place) {
    const Json& value = at(row, column, place);
    check_data(value.is_string(), "{}: '{}' is {}, expected text", place, column, kind_of(value));
    const auto& text = value.get_ref<const std::string&>();
    check_data(text.find_first_not_of(" \t\r\n") != std::string::npos, "{}: '{}' is empty", place,
               column);
    return text;
  }

  // Labels of one file that are now numbers and now text come of a mistake.
  void check_kind(const Json& label, const std::string& place) {
    const std::string kind = kind_of(label);
    check_data(kind != "something else" && (config_.target == "classes" || kind != "a list"),
               "{}: '{}' is {}, expected a label", place, config_.label, kind);
    if (label_kind_.empty()) {
      label_kind_ = kind;
      label_place_ = place;
    }
    check_data(kind == label_kind_, "{}: '{}' is {}, but at {} it is {}", place, config_.label,
               kind, label_place_, label_kind_);
  }

  std::string named(const std::string& text, const std::string& place) const {
    std::string name = text;
    if (!config_.label_until.empty()) {
      name.resize(std::min(name.find(config_.label_until), name.size()));
    }
    check_data(name.find_first_not_of(" \t\r\n") != std::string::npos, "{}: '{}' is empty", place,
               config_.label);
    return name;
  }

  std::string one(const Json& label, const std::string& place) {
    check_kind(label, place);
    check_data(!label.is_number_float(), "{}: '{}' is {}, which names no class (target: number?)",
               place, config_.label, label.dump());
    return named(label.is_string() ? label.get<std::string>() : label.dump(), place);
  }

  std::vector<std::string> several(const Json& label, const std::string& place) {
    check_kind(label, place);
    std::vector<std::string> names;
    if (label.is_array()) {
      for (const Json& element : label) {
        check_data(element.is_string(), "{}: '{}' holds {}, expected a list of texts", place,
                   config_.label, element.dump());
        names.push_back(named(element.get<std::string>(), place));
      }
    } else {
      const std::string all = label.is_string() ? label.get<std::string>() : label.dump();
      for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find(config_.label_separator, begin), all.size());
        names.push_back(named(all.substr(begin, end - begin), place));
        begin = end + config_.label_separator.size();
      }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  double number(const Json& label, const std::string& place) const {
    double value = std::nan("");
    if (label.is_number()) {
      value = label.get<double>();
    } else if (label.is_string()) {
      const auto& text = label.get_ref<const std::string&>();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      value = error == std::errc() && end == text.data() + text.size() ? value : std::nan("");
    }
    check_data(std::isfinite(value), "{}: '{}' is {}, expected a number", place, config_.label,
               label.dump());
    return value;
  }

  const LabelledTextConfig& config_;
  std::string label_kind_, label_place_;
};

// Whole numbers by their value, all else by bytes.
void sort_names(std::vector<std::string>& names) {
  std::vector<std::pair<long long, std::string>> numbers;
  for (const std::string& name : names) {
    long long number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) {
      std::sort(names.begin(), names.end());
      return;
    }
    numbers.emplace_back(number, name);
  }
  std::sort(numbers.begin(), numbers.end());
  std::transform(numbers.begin(), numbers.end(), names.begin(),
                 [](const auto& item) { return item.second; });
}

}  // namespace

void check_labelled_text_config(const LabelledTextConfig& config) {
  const auto one_of = [](const char* key, const std::string& value,
                         std::initializer_list<const char*> known) {
    std::string names;
    for (const char* name : known) {
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    check_usage(std::find(known.begin(), known.end(), value) != known.end(),
                "data.{} '{}': expected one of {}", key, value, names);
  };
  if (!config.format.empty()) {
    one_of("format", config.format, {"tsv", "csv", "jsonl"});
  }
  check_usage(config.delimiter.size() <= 1, "data.delimiter '{}': expected one character",
              config.delimiter);
  one_of("surplus", config.surplus, {"refuse", "drop", "join"});
  parse_line_encoding(config.encoding, "data.encoding");
  one_of("target", config.target, {"class", "classes", "number"});
  check_usage(!config.text.empty() && !config.label.empty(),
              "data.text, data.label: the columns need names");
  check_usage(!config.label_separator.empty(), "data.label_separator: must not be empty");
  check_usage(config.labels.empty() || config.target != "number",
              "data.labels: numbers have no labels");
  for (const std::string* column : {&config.text, &config.second, &config.label}) {
    check_usage(config.columns.empty() || column->empty() ||
                    std::find(config.columns.begin(), config.columns.end(), *column) !=
                        config.columns.end(),
                "data.columns: '{}' is none of them", *column);
  }
}

std::vector<LabelledText> read_labelled_texts(std::span<const fs::path> files,
                                              const LabelledTextConfig& config) {
  std::vector<LabelledText> examples;
  for (const fs::path& file : files) {
    ExampleReader(config).read(file, examples);
  }
  return examples;
}

LabelSet::LabelSet(std::vector<std::string> names) : names_(std::move(names)) {
  check_data(!names_.empty(), "labels: there are none");
  for (auto name = names_.begin(); name != names_.end(); ++name) {
    check_data(std::find(names_.begin(), name, *name) == name, "labels: '{}' stands there twice",
               *name);
  }
}

LabelSet LabelSet::of(std::span<const LabelledText> training, const LabelledTextConfig& config) {
  if (config.target == "number") {
    return {};
  }
  std::vector<std::string> names = config.labels;
  if (names.empty()) {
    std::set<std::string> found;
    for (const LabelledText& example : training) {
      found.insert(example.labels.begin(), example.labels.end());
    }
    names.assign(found.begin(), found.end());
    sort_names(names);
  }
  check_data(config.target == "classes" || names.size() != 1,
             "training data: every example is '{}'; a classifier needs two classes at least",
             names.empty() ? "" : names.front());
  return LabelSet(std::move(names));
}

std::optional<std::int32_t> LabelSet::find(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? std::nullopt
                               : std::optional(static_cast<std::int32_t>(found - names_.begin()));
}

std::int32_t LabelSet::number_of(const std::string& name, const std::string& place) const {
  const auto number = find(name);
  if (!number) {
    std::string known;
    for (std::size_t i = 0; i < names_.size() && i < 20; ++i) {
      known += (i > 0 ? ", " : "") + names_[i];
    }
    fail(ErrorKind::bad_data,
         "{}: label '{}' does not occur in the training data (there are {}{}); if it belongs to "
         "the task, name all labels (data.labels)",
         place, name, known, names_.size() > 20 ? ", …" : "");
  }
  return *number;
}

}  // namespace heed
