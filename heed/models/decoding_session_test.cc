// Rows of a session on their own: whatever runs beside them, whenever they join, and when others
// leave, their logits are the same to the bit.
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/models/language_model.h"
#include "heed/models/test_translators.h"

namespace heed {
namespace {

using Ids = std::vector<std::int32_t>;

// A prompt and what followed it.
struct Row {
  Ids source, begun, tokens;
};

Inputs packed(const std::vector<Row>& rows, Ids Row::*part) {
  Ids ids, lengths;
  for (const Row& row : rows) {
    ids.insert(ids.end(), (row.*part).begin(), (row.*part).end());
    lengths.push_back(static_cast<std::int32_t>((row.*part).size()));
  }
  return {.ids = ids_of(ids), .rows = make_sequences(lengths)};
}

Prompts prompts_of(const std::vector<Row>& rows) {
  return {.source = packed(rows, &Row::source), .begun = packed(rows, &Row::begun)};
}

std::vector<double> logits_alone(const Generator& model, const Row& row) {
  const auto session = model.start({});
  Tensor logits = session->add(prompts_of({row}));
  for (const std::int32_t token : row.tokens) {
    logits = session->advance(Ids{0}, Ids{token});
  }
  return logits.to_doubles();
}

Ids random_ids(Random& random, std::size_t least, std::size_t most) {
  Ids ids(least + random.below(most - least + 1));
  for (std::int32_t& id : ids) {
    id = static_cast<std::int32_t>(random.below(9));
  }
  return ids;
}

class Schedule {
 public:
  Schedule(const Generator& model, bool sources, std::uint64_t seed)
      : model_(model), sources_(sources), random_(seed), session_(model.start({})) {}

  void run(int events) {
    for (int event = 0; event < events; ++event) {
      if (rows_.empty() || random_.below(4) == 0) {
        join();
      } else if (random_.below(3) == 0) {
        extend();
      } else {
        go_on();
      }
    }
  }

 private:
  void join() {
    std::vector<Row> joined(1 + random_.below(3));
    for (Row& row : joined) {
      row.source = sources_ ? random_ids(random_, 1, 6) : Ids();
      row.begun = random_ids(random_, 1, 6);
    }
    expect_alone(session_->add(prompts_of(joined)), joined);
    rows_.insert(rows_.end(), joined.begin(), joined.end());
  }

  // Some rows leave, some go on twice, in any order.
  void go_on() {
    Ids parents, tokens;
    std::vector<Row> next;
    for (std::size_t i = 0; i < 1 + random_.below(7); ++i) {
      const std::size_t parent = random_.below(rows_.size());
      Row row = rows_[parent];
      if (static_cast<std::int64_t>(row.begun.size() + row.tokens.size()) < model_.longest()) {
        parents.push_back(static_cast<std::int32_t>(parent));
        tokens.push_back(static_cast<std::int32_t>(random_.below(9)));
        row.tokens.push_back(tokens.back());
        next.push_back(row);
      }
    }
    if (next.empty()) {
      return join();
    }
    rows_ = next;
    expect_alone(session_->advance(parents, tokens), rows_);
  }

  // As go_on(), by one to four tokens in one pass.
  void extend() {
    Ids parents;
    std::vector<Ids> runs;
    std::vector<Row> next, at_each_token;
    for (std::size_t i = 0; i < 1 + random_.below(4); ++i) {
      const std::size_t parent = random_.below(rows_.size());
      Row row = rows_[parent];
      const Ids run = random_ids(random_, 1, 4);
      if (static_cast<std::int64_t>(row.begun.size() + row.tokens.size() + run.size()) <=
          model_.longest()) {
        parents.push_back(static_cast<std::int32_t>(parent));
        runs.push_back(run);
        for (const std::int32_t token : run) {
          row.tokens.push_back(token);
          at_each_token.push_back(row);
        }
        next.push_back(row);
      }
    }
    if (next.empty()) {
      return join();
    }
    rows_ = next;
    expect_alone(session_->extend(
                     parents, std::vector<std::span<const std::int32_t>>(runs.begin(), runs.end())),
                 at_each_token);
  }

  void expect_alone(const Tensor& logits, const std::vector<Row>& rows) {
    const std::vector<double> all = logits.to_doubles();
    const std::size_t width = all.size() / rows.size();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(r * width);
      ASSERT_EQ(std::vector(begin, begin + static_cast<std::ptrdiff_t>(width)),
                logits_alone(model_, rows[r]))
          << "row " << r;
    }
  }

  const Generator& model_;
  bool sources_;
  Random random_;
  std::unique_ptr<DecodingSession> session_;
  std::vector<Row> rows_;
};

// A language model with the choices of a translator's decoder.
LanguageModelConfig without_encoder(const TranslatorConfig& config) {
  LanguageModelConfig result;
  static_cast<StackConfig&>(result) = config;
  result.layers = config.decoder_layers;
  return result;
}

class DecodingSessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  // Of each place where positions, topologies and extras act, one.
  static std::vector<TranslatorConfig> configs() {
    std::vector<TranslatorConfig> all(6, four_heads());
    for (TranslatorConfig& config : all) {
      config.max_length = 20;
      config.decoder_layers = 2;
    }
    all[1].position.kind = "rotary";
    all[1].position.cross = true;
    all[1].attention.topology = "window";
    all[1].attention.window = 3;
    all[2].position.kind = "xpos";
    all[2].attention.topology = "dilated";
    all[2].attention.sinks = true;
    all[3].position.kind = "cope";
    all[3].norm = "pre";
    all[3].attention.qk_norm = true;
    all[4].position.kind = "shaw";
    all[4].attention.topology = "shifted_block";
    all[4].attention.key_heads = 2;
    all[5].position.kind = "t5";
    all[5].attention.normalizer = "sparsemax";
    all[5].attention.talking_heads = true;
    for (TranslatorConfig& config : all) {
      config.position.cross = config.position.cross && config.position.kind != "sinusoidal";
    }
    return all;
  }
};

TEST_F(DecodingSessionTest, ARowOfATranslatorIsOnItsOwn) {
  for (const TranslatorConfig& config : configs()) {
    SCOPED_TRACE(config.position.kind);
    for (const Device device : {cpu_device, reference_device}) {
      Translator model(config, small_vocabulary, device);
      draw_parameters(model, 8);
      Schedule(model, true, 3).run(25);
    }
  }
}

TEST_F(DecodingSessionTest, ARowOfALanguageModelIsOnItsOwn) {
  for (TranslatorConfig config : configs()) {
    SCOPED_TRACE(config.position.kind);
    config.position.cross = false;
    for (const Device device : {cpu_device, reference_device}) {
      LanguageModel model(without_encoder(config), 10, device);
      draw_parameters(model, 8);
      Schedule(model, false, 5).run(25);
    }
  }
}

// In one pass or token by token: another kernel, the same sums but for rounding.
TEST_F(DecodingSessionTest, PrefillEqualsStepByStep) {
  for (TranslatorConfig config : configs()) {
    SCOPED_TRACE(config.position.kind);
    config.position.cross = false;
    LanguageModel model(without_encoder(config), 10);
    draw_parameters(model, 8);
    Random random(2);
    for (int i = 0; i < 5; ++i) {
      const Ids text = random_ids(random, 2, 20);
      const auto prefilled = logits_alone(model, {.source = {}, .begun = text, .tokens = {}});
      const auto stepped = logits_alone(
          model, {.source = {}, .begun = {text[0]}, .tokens = Ids(text.begin() + 1, text.end())});
      for (std::size_t c = 0; c < prefilled.size(); ++c) {
        ASSERT_NEAR(prefilled[c], stepped[c], 1e-5);
      }
    }
  }
}

TEST_F(DecodingSessionTest, RefusesRowsThatAreNotThere) {
  LanguageModel model(without_encoder(four_heads()), 10, reference_device);
  const auto refuses = [&](auto body) {
    const auto session = model.start({});
    session->add({.source = {}, .begun = inputs_of({1, 2, 3}, {0, 1, 3})});
    EXPECT_THROW(body(*session), Error);
  };
  refuses([](DecodingSession& session) { session.advance(Ids{2}, Ids{1}); });
  refuses([](DecodingSession& session) { session.advance(Ids{-1}, Ids{1}); });
  refuses([](DecodingSession& session) { session.advance(Ids{0, 1}, Ids{1}); });
  refuses([](DecodingSession& session) { session.advance(Ids{}, Ids{}); });
  refuses([](DecodingSession& session) { session.add({}); });
  refuses([](DecodingSession& session) {
    session.add({.source = {}, .begun = inputs_of({1, 2}, {0, 2, 2})});
  });
  refuses([](DecodingSession& session) {
    session.add({.source = {}, .begun = inputs_of(Ids(9, 1), {0, 9})});  // max_length is 8
  });
}

}  // namespace
}  // namespace heed
