#include "heed/training/history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {

namespace {

Json to_json(const StepRecord& record) {
  return {{"type", "step"},
          {"step", record.step},
          {"epoch", record.epoch},
          {"loss", record.loss},
          {"learning_rate", record.learning_rate},
          {"gradient_norm", record.gradient_norm},
          {"tokens_per_second", record.tokens_per_second},
          {"seconds", record.seconds}};
}

Json to_json(const ValidationRecord& record, bool perplexity) {
  Json json = {{"type", "validation"},
               {"step", record.step},
               {"epoch", record.epoch},
               {"train_loss", record.train_loss}};
  if (perplexity) {
    json["train_perplexity"] = std::exp(record.train_loss);
  }
  json["loss"] = record.loss;
  if (perplexity) {
    json["perplexity"] = std::exp(record.loss);
  }
  for (const auto& [key, value] : record.measures) {
    json[key] = value;
  }
  json["best"] = record.best;
  json["seconds"] = record.seconds;
  return json;
}

// The keys of a validation line that are no measures of the task's own.
constexpr std::string_view fixed_keys[] = {
    "type", "step",       "epoch", "train_loss", "train_perplexity",
    "loss", "perplexity", "best",  "seconds"};

// What is not finite stands as null in JSON.
void read_line(const std::string& line, const std::string& source, Metrics& metrics) {
  const Json json = parse_json(line, source);
  try {
    if (json.at("type") == "step") {
      metrics.steps.push_back({.step = json.at("step"),
                               .epoch = json.at("epoch"),
                               .loss = number_or_nan(json.at("loss")),
                               .learning_rate = json.at("learning_rate"),
                               .gradient_norm = number_or_nan(json.at("gradient_norm")),
                               .tokens_per_second = json.at("tokens_per_second"),
                               .seconds = json.at("seconds")});
    } else {
      metrics.validations.push_back({.step = json.at("step"),
                                     .epoch = json.at("epoch"),
                                     .train_loss = number_or_nan(json.at("train_loss")),
                                     .loss = number_or_nan(json.at("loss")),
                                     .best = json.at("best"),
                                     .seconds = json.at("seconds")});
      for (const auto& item : json.items()) {
        if (std::find(std::begin(fixed_keys), std::end(fixed_keys), item.key()) ==
            std::end(fixed_keys)) {
          metrics.validations.back().measures.emplace_back(item.key(), number_or_nan(item.value()));
        }
      }
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: a line is not what was written there: {}", source, error.what());
  }
}

Metrics parse_metrics(const std::string& content, const std::string& source) {
  Metrics metrics;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    read_line(line, source, metrics);
  }
  return metrics;
}

// Cuts a metrics.jsonl off behind the bytes that are valid, and reads those.
Metrics valid_metrics(const std::filesystem::path& path, std::uint64_t bytes) {
  if (bytes == 0) {
    write_file_atomically(path, "");
    return {};
  }
  std::string content = read_file(path);
  check_data(content.size() >= bytes,
             "{}: {} bytes, but the checkpoint was saved when it had {}; it was changed since",
             path.string(), content.size(), bytes);
  content.resize(bytes);
  write_file_atomically(path, content);
  return parse_metrics(content, path.string());
}

constexpr std::string_view validation_tags = "validation/";

// The tags whose events at the step go: those of a validation that is not among the metrics.
std::string_view undone_tags(const Metrics& metrics, std::int64_t step) {
  const bool validated = !metrics.validations.empty() && metrics.validations.back().step == step;
  return validated ? std::string_view() : validation_tags;
}

}  // namespace

std::optional<double> ValidationRecord::measure(std::string_view key) const {
  if (key == "loss") {
    return loss;
  }
  for (const auto& [name, value] : measures) {
    if (name == key) {
      return value;
    }
  }
  return std::nullopt;
}

Metrics read_metrics(const std::filesystem::path& path) {
  return parse_metrics(read_file(path), path.string());
}

History::History(std::filesystem::path directory, std::uint64_t metrics_bytes,
                 std::int64_t last_step, bool perplexity)
    : path_(directory / "metrics.jsonl"),
      perplexity_(perplexity),
      metrics_(valid_metrics(path_, metrics_bytes)),
      events_(directory / "events.out.tfevents.heed", last_step, undone_tags(metrics_, last_step)) {
  bytes_ = metrics_bytes;
  file_.open(path_, std::ios::app | std::ios::binary);
  check_io(file_.good(), "{}: cannot open for writing", path_.string());
}

void History::write_line(const std::string& line) {
  const std::string text = line + "\n";
  file_ << text;
  file_.flush();
  check_io(file_.good(), "{}: cannot write", path_.string());
  bytes_ += text.size();
}

void History::add(const StepRecord& record) {
  write_line(to_json(record).dump());
  events_.add_scalar("train/loss", record.loss, record.step);
  events_.add_scalar("train/learning_rate", record.learning_rate, record.step);
  events_.add_scalar("train/gradient_norm", record.gradient_norm, record.step);
  events_.add_scalar("train/tokens_per_second", record.tokens_per_second, record.step);
  metrics_.steps.push_back(record);
}

void History::add(const ValidationRecord& record) {
  const auto tag = [](const std::string& name) { return std::string(validation_tags) + name; };
  write_line(to_json(record, perplexity_).dump());
  events_.add_scalar(tag("train_loss"), record.train_loss, record.step);
  events_.add_scalar(tag("loss"), record.loss, record.step);
  if (perplexity_) {
    events_.add_scalar(tag("train_perplexity"), std::exp(record.train_loss), record.step);
    events_.add_scalar(tag("perplexity"), std::exp(record.loss), record.step);
  }
  for (const auto& [key, value] : record.measures) {
    events_.add_scalar(tag(key), value, record.step);
  }
  metrics_.validations.push_back(record);
}

std::uint64_t History::flush() {
  events_.flush();
  return bytes_;
}

}  // namespace heed
