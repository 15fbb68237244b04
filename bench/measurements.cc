#include "measurements.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed::bench {

namespace {

TrainingRow& training_row(Measurements& all, const Json& line) {
  const std::string program = line.at("program"), mode = line.at("mode"), size = line.at("size"),
                    precision = line.at("precision");
  const auto same = [&](const TrainingRow& row) {
    return row.program == program && row.mode == mode && row.size == size &&
           row.precision == precision;
  };
  const auto found = std::find_if(all.training.begin(), all.training.end(), same);
  if (found != all.training.end()) {
    return *found;
  }
  TrainingRow row;
  row.program = program;
  row.mode = mode;
  row.size = size;
  row.precision = precision;
  return all.training.emplace_back(std::move(row));
}

void add_training_step(Measurements& all, const Json& line) {
  if (line.at("threads") < all.threads) {
    all.one_thread[line.at("round")] = line.at("seconds");
    return;
  }
  TrainingRow& row = training_row(all, line);
  const std::vector<double> steps = line.at("seconds_of_steps");
  row.parameters = line.at("parameters");
  row.seconds[line.at("round")] = line.at("seconds");
  row.total_seconds.push_back(std::accumulate(steps.begin(), steps.end(), 0.0));
  row.tokens = line.at("tokens");
  row.peak_megabytes.push_back(line.at("peak_megabytes"));
  if (line.contains("operations")) {
    all.operations[row.size] = line.at("operations");
  }
  if (line.contains("version")) {
    all.torch_version = line.at("version");
  }
}

// Time is taken at the shorter of two lengths; both have as many tokens in all.
void add_position_step(Measurements& all, const Json& line) {
  const std::string kind = line.at("positions");
  auto row = std::find_if(all.positions.begin(), all.positions.end(),
                          [&](const PositionRow& known) { return known.kind == kind; });
  if (row == all.positions.end()) {
    all.positions.push_back({kind, {}, {}});
    row = all.positions.end() - 1;
  }
  row->seconds.try_emplace(line.at("round"), line.at("seconds"));
  row->peak_tensors.try_emplace(line.at("longest"), line.at("tensor_peak_megabytes"));
}

void add_attention(Measurements& all, const Json& line) {
  const std::string program = line.at("program"), precision = line.at("precision");
  const int length = line.at("length");
  const bool causal = line.at("causal");
  auto row =
      std::find_if(all.attention.begin(), all.attention.end(), [&](const AttentionRow& known) {
        return known.program == program && known.precision == precision && known.length == length &&
               known.causal == causal;
      });
  if (row == all.attention.end()) {
    all.attention.push_back({program, precision, length, causal, line.at("operations"), {}});
    row = all.attention.end() - 1;
  }
  row->seconds[line.at("round")] = line.at("seconds");
}

void add_decoding(Measurements& all, const Json& line) {
  DecodingRow row;
  row.program = line.at("program");
  row.model = line.at("model");
  row.precision = line.at("precision");
  row.beam = line.at("beam");
  row.batch = line.at("batch");
  auto found =
      std::find_if(all.decoding.begin(), all.decoding.end(), [&](const DecodingRow& known) {
        return known.program == row.program && known.same_work(row);
      });
  if (found == all.decoding.end()) {
    all.decoding.push_back(row);
    found = all.decoding.end() - 1;
  }
  double& best = found->tokens_per_second[line.at("round")];
  best = std::max(best, line.at("tokens").get<double>() / line.at("seconds").get<double>());
  if (row.program == "heed") {
    found->weight_bytes_of_step = line.at("weight_bytes_of_step");
    all.model_sizes[row.model] = line.at("sizes");
  } else {
    all.ctranslate2_version = line.at("version");
  }
}

void add_peak(Measurements& all, const Json& line) {
  for (const std::string precision : {"float32", "bf16", "int8"}) {
    double& best = all.gemm_gigaops[precision];
    best = std::max(best, line.at(precision + "_gigaops").get<double>());
  }
  all.memory_gigabytes =
      std::max(all.memory_gigabytes, line.at("memory_gigabytes_per_second").get<double>());
  all.threads = line.at("threads");
}

// Both have to do the same work: the same pieces, and the same ids.
void add_tokenizer(Measurements& all, const Json& line) {
  for (const Json& known : all.lines) {
    if (known.at("kind") == "tokenizer") {
      check_data(known.at("tokens") == line.at("tokens") && known.at("pieces") == line.at("pieces"),
                 "{} and {} learned different tokenizers", known.at("program").get<std::string>(),
                 line.at("program").get<std::string>());
    }
  }
  const std::string program = line.at("program");
  auto found = std::find_if(all.tokenizers.begin(), all.tokenizers.end(),
                            [&](const TokenizerRow& known) { return known.program == program; });
  if (found == all.tokenizers.end()) {
    all.tokenizers.push_back({program, 1e-6 * line.at("bytes").get<double>(), {}, {}});
    found = all.tokenizers.end() - 1;
  }
  found->learning_seconds[line.at("round")] = line.at("learning_seconds");
  found->encoding_seconds[line.at("round")] = line.at("encoding_seconds");
  if (line.contains("version")) {
    all.tokenizers_version = line.at("version");
  }
}

void add_writing(Measurements& all, const Json& line) {
  const std::string program = line.at("program"), precision = line.at("precision");
  const int streams = line.at("streams");
  auto found = std::find_if(all.writing.begin(), all.writing.end(), [&](const WritingRow& known) {
    return known.program == program && known.precision == precision && known.streams == streams;
  });
  if (found == all.writing.end()) {
    all.writing.push_back({program, precision, streams, line.at("prompt_tokens"), {}, {}, {}});
    found = all.writing.end() - 1;
  }
  const int round = line.at("round");
  found->reading[round] = line.at("reading_tokens_per_second");
  found->writing[round] = line.at("writing_tokens_per_second");
  if (program == "heed") {
    found->gigabytes[round] = line.at("gigabytes_per_second");
  } else if (program == "CTranslate2") {
    all.ctranslate2_version = line.at("version");
  } else {
    all.llama_cpp_version = line.at("version");
  }
}

void add_line(Measurements& all, const Json& line) {
  const std::string kind = line.at("kind");
  if (kind == "training_step") {
    add_training_step(all, line);
  } else if (kind == "position_step") {
    add_position_step(all, line);
  } else if (kind == "attention") {
    add_attention(all, line);
  } else if (kind == "decoding") {
    add_decoding(all, line);
  } else if (kind == "tokenizer") {
    add_tokenizer(all, line);
  } else if (kind == "writing") {
    add_writing(all, line);
  } else if (kind == "machine_peak") {
    add_peak(all, line);
  } else if (kind == "setting") {
    all.sentences = line.at("sentences");
  }
  all.rounds = std::max(all.rounds, line.value("round", 0));
  all.lines.push_back(line);
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  check(!values.empty(), "spread_of: no values");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {values.front(), median, values.back()};
}

Spread spread_of(const std::map<int, double>& values_by_round) {
  std::vector<double> values;
  for (const auto& [round, value] : values_by_round) {
    values.push_back(value);
  }
  return spread_of(std::move(values));
}

Spread TrainingRow::tokens_per_second() const {
  std::vector<double> values;
  for (const double total : total_seconds) {
    values.push_back(tokens / total);
  }
  return spread_of(std::move(values));
}

double TrainingRow::memory_of_work() const {
  constexpr double bytes_per_parameter = 16;
  return spread_of(peak_megabytes).median -
         bytes_per_parameter * static_cast<double>(parameters) / (1 << 20);
}

std::string DecodingRow::name() const {
  return fmt::format("{}, batches of {}, {}", beam == 1 ? "greedy" : fmt::format("beam {}", beam),
                     batch, precision);
}

const TrainingRow* Measurements::own_row(const std::string& size,
                                         const std::string& precision) const {
  const auto found = std::find_if(training.begin(), training.end(), [&](const TrainingRow& row) {
    return row.program == "heed" && row.size == size && row.precision == precision;
  });
  return found == training.end() ? nullptr : &*found;
}

const TrainingRow* Measurements::fastest_torch(const std::string& size,
                                               const std::string& precision) const {
  const TrainingRow* best = nullptr;
  for (const TrainingRow& row : training) {
    if (row.program == "PyTorch" && row.size == size && row.precision == precision &&
        (best == nullptr || spread_of(row.seconds).median < spread_of(best->seconds).median)) {
      best = &row;
    }
  }
  return best;
}

const AttentionRow* Measurements::peer_of(const AttentionRow& row) const {
  const auto found =
      std::find_if(attention.begin(), attention.end(), [&](const AttentionRow& other) {
        return other.program != row.program && other.precision == row.precision &&
               other.length == row.length && other.causal == row.causal;
      });
  return found == attention.end() ? nullptr : &*found;
}

const DecodingRow* Measurements::peer_of(const DecodingRow& row) const {
  for (const DecodingRow& other : decoding) {
    if (other.program != row.program && other.same_work(row)) {
      return &other;
    }
  }
  return nullptr;
}

std::vector<double> Measurements::ratios(const std::map<int, double>& base,
                                         const std::map<int, double>& row) {
  std::vector<double> result;
  for (const auto& [round, seconds] : row) {
    if (const auto found = base.find(round); found != base.end()) {
      result.push_back(found->second / seconds);
    }
  }
  return result;
}

std::vector<double> Measurements::speedups(const TrainingRow& row) const {
  const TrainingRow* base = fastest_torch(row.size, "float32");
  return base == nullptr ? std::vector<double>() : ratios(base->seconds, row.seconds);
}

std::vector<double> Measurements::speedups(const AttentionRow& row) const {
  const AttentionRow* peer = peer_of(row);
  return peer == nullptr ? std::vector<double>() : ratios(peer->seconds, row.seconds);
}

std::vector<double> Measurements::speedups(const DecodingRow& row) const {
  const DecodingRow* peer = peer_of(row);
  return peer == nullptr ? std::vector<double>()
                         : ratios(row.tokens_per_second, peer->tokens_per_second);
}

std::vector<double> Measurements::costs(const PositionRow& row) const {
  return ratios(row.seconds, positions.front().seconds);
}

std::vector<double> Measurements::thread_speedups() const {
  const TrainingRow* row = own_row("reference", "float32");
  return row == nullptr ? std::vector<double>() : ratios(one_thread, row->seconds);
}

double Measurements::share_of_peak(const TrainingRow& row) const {
  const double seconds = spread_of(row.total_seconds).median;
  return operations.at(row.size) / seconds / (gemm_gigaops.at(row.precision) * 1e9);
}

Measurements read_measurements(const std::filesystem::path& path) {
  std::istringstream input(read_file(path));
  Measurements all;
  std::string text;
  try {
    while (std::getline(input, text)) {
      add_line(all, Json::parse(text));
    }
  } catch (const Json::exception& error) {
    fail(ErrorKind::bad_data, "{}: {}", path.string(), error.what());
  }
  return all;
}

}  // namespace heed::bench
