// Everything here is held against what sacreBLEU 2.6.0 said of the same files: whole printed lines,
// numbers in full, tokens, random draws. tools/make_metric_fixtures.py wrote them.
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <map>

#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/numpy_random.h"
#include "heed/metrics/text_rules.h"

namespace heed {
namespace {

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data" / "metrics" / name;
}

std::vector<std::string> read_lines(const std::string& name) {
  const std::string text = read_file(fixture(name));
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::vector<Json> read_records(const std::string& name) {
  std::vector<Json> records;
  for (const std::string& line : read_lines(name)) {
    records.push_back(parse_json(line, name));
  }
  return records;
}

const std::vector<std::string>& segments(const std::string& corpus, const std::string& file) {
  static std::map<std::string, std::vector<std::string>> cache;
  std::vector<std::string>& lines = cache[corpus + "." + file + ".txt"];
  if (lines.empty()) {
    lines = read_lines(corpus + "." + file + ".txt");
  }
  return lines;
}

std::vector<std::vector<std::string>> references_of(const Json& record) {
  std::vector<std::vector<std::string>> references;
  for (int i = 0; i < record["references"].get<int>(); ++i) {
    references.push_back(segments(record["corpus"], "ref" + std::to_string(i)));
  }
  return references;
}

Bleu bleu_of(const Json& record) {
  BleuOptions options;
  options.tokenizer = parse_bleu_tokenizer(record["tokenize"].get<std::string>());
  options.lowercase = record["lowercase"];
  options.smoothing = parse_bleu_smoothing(record["smooth"].get<std::string>());
  if (!record["smooth_value"].is_null()) {
    options.smooth_value = record["smooth_value"].get<double>();
  }
  options.effective_order = record["effective_order"];
  return Bleu(options);
}

Chrf chrf_of(const Json& record) {
  ChrfOptions options;
  options.character_order = record["char_order"];
  options.word_order = record["word_order"];
  options.beta = record["beta"];
  options.lowercase = record["lowercase"];
  options.white_space = record["whitespace"];
  return Chrf(options);
}

// Calls `use` with the metric that a record is about.
template <typename Use>
void with_metric(const Json& record, const Use& use) {
  if (record["metric"] == "bleu") {
    use(bleu_of(record));
  } else {
    use(chrf_of(record));
  }
}

std::optional<BootstrapOptions> bootstrap_of(const Json& record) {
  const int samples = record["samples"];
  return samples > 1 ? std::optional(BootstrapOptions{.samples = samples}) : std::nullopt;
}

// What a sentence's statistics depend on: all settings but smoothing and effective order.
std::string statistics_key(Json record, const std::string& system) {
  for (const char* name :
       {"smooth", "smooth_value", "effective_order", "samples", "width", "head", "lines"}) {
    record.erase(name);
  }
  return record.dump() + system;
}

TEST(SacreBleu, PrintsTheSameLineForEverySystemAndSetting) {
  std::map<std::string, SentenceStatistics> tables;
  std::size_t compared = 0;
  for (const Json& record : read_records("scores.jsonl")) {
    const auto references = references_of(record);
    with_metric(record, [&](const auto& metric) {
      for (const auto& [system, line] : record["lines"].items()) {
        const std::string key = statistics_key(record, system);
        if (!tables.contains(key)) {
          const auto& hypotheses = segments(record["corpus"], system);
          tables.emplace(key, metric.statistics(hypotheses, references));
        }
        const SentenceStatistics& table = tables.at(key);
        EXPECT_EQ(table.rows(), 500u);
        EXPECT_EQ(metric.line(table, references.size(), bootstrap_of(record), record["width"]),
                  record["head"].get<std::string>() + line.template get<std::string>())
            << record["corpus"] << ' ' << system;
        ++compared;
      }
    });
  }
  EXPECT_EQ(compared, 1488u);
}

TEST(SacreBleu, PrintsTheSameLineForEachSentence) {
  for (const Json& record : read_records("sentences.jsonl")) {
    const auto references = references_of(record);
    with_metric(record, [&](const auto& metric) {
      const auto table =
          metric.statistics(segments(record["corpus"], record["system"]), references);
      for (std::size_t i = 0; i < record["lines"].size(); ++i) {
        SentenceStatistics sentence(table.columns());
        sentence.append(table.row(i));
        EXPECT_EQ(metric.line(sentence, references.size(), std::nullopt, 2),
                  record["head"].get<std::string>() + record["lines"][i].get<std::string>())
            << record["corpus"] << " line " << i + 1;
      }
    });
  }
}

// The command strips white space at the end of each line before it scores.
std::vector<std::string> stripped(std::vector<std::string> lines) {
  for (std::string& line : lines) {
    line = std::string(without_trailing_space(std::string_view(line)));
  }
  return lines;
}

TEST(SacreBleu, PrintsTheLinesOfItsCommandWithIntervals) {
  std::size_t systems = 0;
  for (const Json& record : read_records("command.jsonl")) {
    std::vector<std::vector<std::string>> references = references_of(record);
    for (std::vector<std::string>& lines : references) {
      lines = stripped(std::move(lines));
    }
    const auto hypotheses = stripped(segments(record["corpus"], record["system"]));
    const Bleu bleu({.tokenizer = parse_bleu_tokenizer(record["tokenize"].get<std::string>())});
    const Chrf chrf({.word_order = record["word_order"].get<int>()});
    const int width = record["width"];
    EXPECT_EQ(bleu.line(bleu.statistics(hypotheses, references), references.size(),
                        BootstrapOptions(), width),
              record["lines"][0].get<std::string>());
    EXPECT_EQ(chrf.line(chrf.statistics(hypotheses, references), references.size(),
                        BootstrapOptions(), width),
              record["lines"][1].get<std::string>());
    ++systems;
  }
  EXPECT_GE(systems, 10u);
}

TEST(SacreBleu, AgreesOnPairedBootstrapTestsInFull) {
  for (const Json& record : read_records("paired.jsonl")) {
    const auto references = references_of(record);
    with_metric(record, [&](const auto& metric) {
      const auto table = [&](const Json& system) {
        return metric.statistics(segments(record["corpus"], system["system"]), references);
      };
      const Json& first = record["systems"][0];
      for (std::size_t i = 1; i < record["systems"].size(); ++i) {
        const Json& second = record["systems"][i];
        const PairedBootstrap result = paired_bootstrap(metric, table(first), table(second),
                                                        {.samples = record["samples"].get<int>()});
        EXPECT_EQ(result.baseline_score, first["score"].template get<double>());
        EXPECT_EQ(result.baseline.mean, first["mean"].template get<double>());
        EXPECT_EQ(result.baseline.half_width, first["half_width"].template get<double>());
        EXPECT_EQ(result.system_score, second["score"].template get<double>());
        EXPECT_EQ(result.system.mean, second["mean"].template get<double>());
        EXPECT_EQ(result.system.half_width, second["half_width"].template get<double>());
        EXPECT_EQ(result.p_value, second["p_value"].template get<double>())
            << record["corpus"] << ' ' << second["system"];
      }
    });
  }
}

std::vector<std::string> as_utf8(const std::vector<std::u32string>& words) {
  std::vector<std::string> result;
  for (const std::u32string& word : words) {
    std::string& text = result.emplace_back();
    for (const char32_t c : word) {
      text += encode_utf8(c);
    }
  }
  return result;
}

TEST(SacreBleu, CutsOddLinesIntoTheSameTokens) {
  for (const Json& record : read_records("tokens.jsonl")) {
    const std::string line = record["line"];
    for (const auto& [name, tokens] : record["tokens"].items()) {
      EXPECT_EQ(as_utf8(tokenize_for_bleu(code_points(line, false), parse_bleu_tokenizer(name))),
                tokens.get<std::vector<std::string>>())
          << name << ": " << line;
    }
    EXPECT_EQ(as_utf8(tokenize_for_bleu(code_points(line, true), BleuTokenizer::none)),
              record["lowered"].get<std::vector<std::string>>());
  }
}

TEST(NumpyRandom, DrawsWhatNumpyDraws) {
  for (const Json& record : parse_json(read_file(fixture("random.json")), "random.json")) {
    const std::uint64_t seed = record["seed"];
    NumpyRandom random(seed);
    for (const Json& value : record["u64"]) {
      EXPECT_EQ(std::to_string(random.next_u64()), value.get<std::string>());
    }
    for (const std::uint32_t bound : {1u, 2u, 7u, 500u, 1000u, 3000000000u, 0xffffffffu}) {
      NumpyRandom choice(seed);
      for (const Json& value : record[std::to_string(bound)]) {
        EXPECT_EQ(choice.below(bound), value.get<std::uint32_t>()) << seed << ' ' << bound;
      }
    }
  }
}

TEST(SacreBleu, ScoresAThousandLinesWithAThousandSamplesWithinASecond) {
  std::vector<std::string> hypotheses = segments("western", "b"),
                           reference = segments("western", "ref0");
  hypotheses.insert(hypotheses.end(), hypotheses.begin(), hypotheses.begin() + 500);
  reference.insert(reference.end(), reference.begin(), reference.begin() + 500);
  const std::clock_t begin = std::clock();  // processor time: other programs run as well
  const Bleu bleu;
  const Chrf chrf;
  const std::string lines =
      bleu.line(bleu.statistics(hypotheses, {&reference, 1}), 1, BootstrapOptions()) +
      chrf.line(chrf.statistics(hypotheses, {&reference, 1}), 1, BootstrapOptions());
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_NE(lines.find("|bs:1000|seed:12345|"), std::string::npos);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(seconds, 1.0);
#endif
}

}  // namespace
}  // namespace heed
