#include "heed/shots/shot_task.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"
#include "heed/shots/shot_documents.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// Keys that say nothing about what is computed here.
constexpr const char* silent_keys[] = {"tag",
                                       "group",
                                       "task_alias",
                                       "dataset_name",
                                       "metadata",
                                       "should_decontaminate",
                                       "doc_to_decontamination_query",
                                       "repeats"};
// Keys that are read.
constexpr const char* read_keys[] = {
    "task",          "dataset_path",  "dataset_kwargs",    "training_split",   "validation_split",
    "test_split",    "fewshot_split", "fewshot_config",    "description",      "doc_to_text",
    "doc_to_target", "doc_to_choice", "output_type",       "target_delimiter", "fewshot_delimiter",
    "num_fewshot",   "metric_list",   "generation_kwargs", "filter_list"};

bool is_among(const std::string& key, const auto& keys) {
  return std::any_of(std::begin(keys), std::end(keys),
                     [&](const char* name) { return key == name; });
}

// Reads keys of a file, or of a section in it.
class ShotReader {
 public:
  ShotReader(const Json& json, std::string source) : json_(json), source_(std::move(source)) {
    check_data(json.is_object(), "{}: expected keys and values", source_);
  }

  bool has(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && !found->is_null();
  }
  const Json& at(const char* key) const {
    check_data(has(key), "{}: '{}' is missing", source_, key);
    return json_.at(key);
  }
  std::string place(const char* key) const { return source_ + ": " + key; }
  std::string text(const char* key, const std::string& fallback) const {
    if (!has(key)) {
      return fallback;
    }
    check_data(at(key).is_string(), "{}: expected text", place(key));
    return at(key).get<std::string>();
  }
  int number(const char* key, int fallback, int least) const {
    if (!has(key)) {
      return fallback;
    }
    constexpr int most = 1 << 20;
    const bool fits = at(key).is_number_integer() && at(key) >= least && at(key) <= most;
    check_data(fits, "{}: expected a number from {} to {}", place(key), least, most);
    return at(key).get<int>();
  }
  bool flag(const char* key, bool fallback) const {
    if (!has(key)) {
      return fallback;
    }
    check_data(at(key).is_boolean(), "{}: expected true or false", place(key));
    return at(key).get<bool>();
  }
  // One text, or a list of them.
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> result;
    const Json& value = at(key);
    for (const Json& item : value.is_array() ? value : Json::array({value})) {
      check_data(item.is_string(), "{}: expected text, or a list of texts", place(key));
      result.push_back(item.get<std::string>());
    }
    return result;
  }
  ShotReader section(const char* key) const { return {at(key), place(key)}; }
  ShotField field(const char* key) const {
    return has(key) ? ShotField(at(key), place(key)) : ShotField();
  }
  // Refuses keys but these.
  void check_keys(const auto& known, const auto& ignored) const {
    std::vector<std::string> names(std::begin(known), std::end(known));
    for (const auto& [key, value] : json_.items()) {
      if (is_among(key, known) || is_among(key, ignored)) {
        continue;
      }
      const auto nearest = nearest_name(key, names);
      fail(ErrorKind::bad_data, "{}: heed does not know the key '{}'{}", source_, key,
           nearest ? "; did you mean '" + *nearest + "'?" : std::string());
    }
  }
  const Json& json() const { return json_; }

 private:
  const Json& json_;
  std::string source_;
};

constexpr const char* no_keys[] = {""};

// A task file is data, where a recipe is a command of its writer's.
Json parsed_file(const std::string& text, const std::string& source) {
  try {
    return parse_yaml(text, source);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}", error.what());
  }
}

ShotOutput output_of(const ShotReader& reader) {
  const std::string name = reader.text("output_type", "generate_until");
  if (name == "multiple_choice") {
    return ShotOutput::multiple_choice;
  }
  if (name == "loglikelihood") {
    return ShotOutput::loglikelihood;
  }
  check_data(name == "generate_until",
             "{}: '{}': heed knows multiple_choice, loglikelihood and generate_until",
             reader.place("output_type"), name);
  return ShotOutput::generate_until;
}

std::vector<ShotMetric> default_metrics(ShotOutput output) {
  switch (output) {
    case ShotOutput::multiple_choice:
      return {{.name = "acc"}, {.name = "acc_norm"}};
    case ShotOutput::loglikelihood:
      return {{.name = "perplexity"}, {.name = "acc"}};
    default:
      return {{.name = "exact_match"}};
  }
}

std::vector<ShotMetric> metrics_of(const ShotReader& reader, ShotOutput output) {
  if (!reader.has("metric_list")) {
    return default_metrics(output);
  }
  const Json& list = reader.at("metric_list");
  check_data(list.is_array() && !list.empty(), "{}: expected a list of metrics",
             reader.place("metric_list"));
  std::vector<ShotMetric> metrics;
  for (const Json& item : list) {
    const ShotReader metric(item, reader.place("metric_list"));
    constexpr const char* known[] = {"metric", "aggregation", "higher_is_better", "ignore_case",
                                     "ignore_punctuation"};
    metric.check_keys(known, no_keys);
    metrics.push_back({.name = metric.text("metric", ""),
                       .ignore_case = metric.flag("ignore_case", false),
                       .ignore_punctuation = metric.flag("ignore_punctuation", false)});
    const std::string& name = metrics.back().name;
    const bool fits = output == ShotOutput::multiple_choice ? name == "acc" || name == "acc_norm"
                      : output == ShotOutput::loglikelihood ? name == "acc" || name == "perplexity"
                                                            : name == "exact_match";
    check_data(fits,
               "{}: '{}': heed knows acc and acc_norm (multiple_choice), acc and perplexity "
               "(loglikelihood) and exact_match (generate_until)",
               metric.place("metric"), name);
  }
  return metrics;
}

void read_generation(const ShotReader& reader, ShotTask& task) {
  task.until = {task.example_delimiter};
  if (!reader.has("generation_kwargs")) {
    return;
  }
  const ShotReader generation = reader.section("generation_kwargs");
  constexpr const char* known[] = {"until", "max_gen_toks", "do_sample", "temperature"};
  generation.check_keys(known, no_keys);
  if (generation.has("until")) {
    task.until = generation.texts("until");
    std::erase(task.until, std::string());
  }
  task.most_tokens = generation.number("max_gen_toks", task.most_tokens, 1);
  check_data(!generation.flag("do_sample", false), "{}: heed writes the most probable text",
             generation.place("do_sample"));
}

void read_filters(const ShotReader& reader, ShotTask& task) {
  if (!reader.has("filter_list")) {
    return;
  }
  const Json& list = reader.at("filter_list");
  check_data(list.is_array() && list.size() == 1, "{}: heed knows one list of filters",
             reader.place("filter_list"));
  const ShotReader filters(list.front(), reader.place("filter_list"));
  for (const Json& item : filters.at("filter")) {
    const ShotReader filter(item, filters.place("filter"));
    const std::string name = filter.text("function", "");
    check_data(name == "take_first" || name == "remove_whitespace" || name == "lowercase",
               "{}: '{}': heed knows take_first, remove_whitespace and lowercase",
               filter.place("function"), name);
    task.strip = task.strip || name == "remove_whitespace";
    task.lower = task.lower || name == "lowercase";
  }
}

// Reads the files of splits.
class ShotSplits {
 public:
  ShotSplits(const ShotReader& reader, fs::path folder) : folder_(std::move(folder)) {
    const std::string kind = reader.text("dataset_path", "json");
    check_data(kind == "json" || kind == "csv",
               "{}: '{}': heed reads local files: json (JSON lines) or csv, with "
               "dataset_kwargs.data_files",
               reader.place("dataset_path"), kind);
    format_.kind = kind;
    const ShotReader options = reader.section("dataset_kwargs");
    constexpr const char* known[] = {"data_files", "sep", "delimiter", "quoting", "column_names"};
    options.check_keys(known, no_keys);
    format_.delimiter = options.text("sep", options.text("delimiter", ","));
    check_data(format_.delimiter.size() == 1, "{}: expected one character", options.place("sep"));
    const int quoting = options.number("quoting", 0, 0);
    check_data(quoting == 0 || quoting == 3, "{}: expected 0 or 3 (none)",
               options.place("quoting"));
    format_.quoting = quoting == 0;
    if (options.has("column_names")) {
      format_.columns = options.texts("column_names");
    }
    const Json& files = options.at("data_files");
    source_ = options.place("data_files");
    files_ = files.is_object() ? files : Json{{"train", files}};
  }

  std::vector<Json> read(const std::string& split) const {
    const auto found = files_.find(split);
    check_data(found != files_.end(), "{}: no file for the split '{}'", source_, split);
    std::vector<Json> documents;
    for (const Json& name : found->is_array() ? *found : Json::array({*found})) {
      check_data(name.is_string(), "{}: expected a path", source_);
      const auto more = read_shot_documents(folder_ / name.get<std::string>(), format_);
      documents.insert(documents.end(), more.begin(), more.end());
    }
    return documents;
  }

 private:
  fs::path folder_;
  std::string source_;
  TableFormat format_;
  Json files_;
};

void read_documents(const ShotReader& reader, const fs::path& folder, ShotTask& task) {
  const ShotSplits splits(reader, folder);
  const std::string training = reader.text("training_split", ""),
                    validation = reader.text("validation_split", ""),
                    test = reader.text("test_split", ""), shown = reader.text("fewshot_split", "");
  const std::string& asked = test.empty() ? validation : test;
  check_data(!asked.empty(), "{}: neither test_split nor validation_split is given",
             task.file.string());
  const std::string& pool = !shown.empty()        ? shown
                            : !training.empty()   ? training
                            : !validation.empty() ? validation
                                                  : test;
  task.documents = splits.read(asked);
  task.examples = pool == asked ? task.documents : splits.read(pool);
  task.same_split = shown == test;
}

}  // namespace

ShotField::ShotField(const Json& setting, const std::string& source)
    : setting_(setting), source_(source) {
  check_data(setting.is_string() || setting.is_number_integer() || setting.is_structured(),
             "{}: expected text, a number or a list", source);
  if (setting.is_string()) {
    template_.emplace(setting.get<std::string>(), source);
  }
}

Json ShotField::of(const Json& document) const {
  if (!template_) {
    if (!setting_.is_object()) {
      return setting_;
    }
    Json values = Json::array();
    for (const auto& [key, value] : setting_.items()) {
      values.push_back(value);
    }
    return values;
  }
  const auto field = document.find(setting_.get_ref<const std::string&>());
  return field != document.end() ? *field : template_->value(document);
}

std::string ShotField::text_of(const Json& document) const {
  if (template_ && !document.contains(setting_.get_ref<const std::string&>())) {
    return template_->render(document);
  }
  const Json value = of(document);
  const auto text = python_text(value);
  check_data(text.has_value(), "{}: expected text, got {}", source_, value.type_name());
  return *text;
}

ShotTask read_shot_task(const fs::path& file, const fs::path& data) {
  constexpr std::uint64_t limit = 1u << 20;
  const Json json = parsed_file(read_file(file, limit), file.string());
  const ShotReader reader(json, file.string());
  for (const char* code : {"process_docs", "process_results", "custom_dataset", "class",
                           "doc_to_image", "use_prompt", "include"}) {
    check_data(!reader.has(code), "{}: names code or another file, which heed does not run",
               reader.place(code));
  }
  reader.check_keys(read_keys, silent_keys);
  ShotTask task;
  task.file = file;
  task.name = reader.text("task", file.stem().string());
  task.output = output_of(reader);
  task.description = reader.field("description");
  reader.at("doc_to_text");
  reader.at("doc_to_target");
  task.text = reader.field("doc_to_text");
  task.target = reader.field("doc_to_target");
  task.choices = reader.field("doc_to_choice");
  check_data(task.choices.is_set() || task.output != ShotOutput::multiple_choice,
             "{}: 'doc_to_choice' is missing, which multiple_choice needs", file.string());
  task.target_delimiter = reader.text("target_delimiter", task.target_delimiter);
  task.example_delimiter = reader.text("fewshot_delimiter", task.example_delimiter);
  task.shots = reader.number("num_fewshot", 0, 0);
  task.metrics = metrics_of(reader, task.output);
  if (reader.has("fewshot_config")) {
    const ShotReader config = reader.section("fewshot_config");
    constexpr const char* known[] = {"sampler"};
    config.check_keys(known, no_keys);
    const std::string sampler = config.text("sampler", "default");
    check_data(sampler == "default" || sampler == "first_n",
               "{}: '{}': heed knows default and first_n", config.place("sampler"), sampler);
    task.first_shots = sampler == "first_n";
  }
  if (task.output == ShotOutput::generate_until) {
    read_generation(reader, task);
    read_filters(reader, task);
  }
  read_documents(reader, data.empty() ? file.parent_path() : data, task);
  return task;
}

}  // namespace heed
