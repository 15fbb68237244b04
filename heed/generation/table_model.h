// For tests: a model whose next token depends on the source and on all tokens before, by a function
// that the test gives.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "heed/base/random.h"
#include "heed/nn/generator.h"

namespace heed {

using Prefix = std::vector<int>;
// Logits of the next token, [vocabulary].
using LogitTable = std::function<std::vector<double>(const Prefix& source, const Prefix& prefix)>;

// Numbers that look random, different for every source and prefix.
inline LogitTable random_table(int vocabulary, double spread, std::uint64_t seed = 1) {
  return [=](const Prefix& source, const Prefix& prefix) {
    std::uint64_t name = seed;
    for (const Prefix& part : {source, prefix}) {
      name = name * 1000003 + part.size();
      for (const int token : part) {
        name = name * 1000003 + static_cast<std::uint64_t>(token);
      }
    }
    Random random(7, name);
    std::vector<double> logits;
    for (int i = 0; i < vocabulary; ++i) {
      logits.push_back(spread * random.normal());
    }
    return logits;
  };
}

class TableModel : public Generator {
 public:
  TableModel(int vocabulary, LogitTable table, std::int64_t longest = 100)
      : vocabulary_(vocabulary), table_(std::move(table)), longest_(longest) {}

  std::unique_ptr<DecodingSession> start(const Inputs& source,
                                         const ForwardContext&) const override {
    auto session = std::make_unique<Session>(*this);
    const auto ids = source.ids.values<std::int32_t>();
    const auto& offsets = source.rows.offsets;
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      session->sources.push_back({});
      for (std::int32_t t = offsets[i]; t < offsets[i + 1]; ++t) {
        session->sources.back().push_back(ids[static_cast<std::size_t>(t)]);
      }
      session->rows.push_back({i, {}});
    }
    return session;
  }
  std::int64_t vocabulary_size() const override { return vocabulary_; }
  std::int64_t longest() const override { return longest_; }

  // Rows of the largest step, and of all steps.
  mutable std::atomic<std::size_t> largest_step = 0;
  mutable std::atomic<std::size_t> row_count = 0;

  Tensor hidden(const Prompts&, ForwardContext&) const override {
    fail(ErrorKind::failure, "a table has no states");
  }
  Projection projection() const override {
    fail(ErrorKind::failure, "a table has no output layer");
  }
  void visit(ParameterVisitor&) override {}

 private:
  struct Session : DecodingSession {
    struct Row {
      std::size_t source;
      Prefix prefix;
    };
    const TableModel& model;
    std::vector<Prefix> sources;
    std::vector<Row> rows;
    bool started = false;

    explicit Session(const TableModel& owner) : model(owner) {}

    Tensor advance(std::span<const std::int32_t> parents,
                   std::span<const std::int32_t> tokens) override {
      std::vector<Row> next;
      std::vector<double> logits;
      for (std::size_t i = 0; i < parents.size(); ++i) {
        next.push_back(rows.at(static_cast<std::size_t>(parents[i])));
        if (started) {  // the start symbol is no part of the prefix
          next.back().prefix.push_back(tokens[i]);
        }
        const auto row = model.table_(sources[next.back().source], next.back().prefix);
        logits.insert(logits.end(), row.begin(), row.end());
      }
      started = true;
      rows = std::move(next);
      for (std::size_t seen = model.largest_step;
           seen < rows.size() && !model.largest_step.compare_exchange_weak(seen, rows.size());) {
      }
      model.row_count += rows.size();
      return Tensor::from_values<double>(
          std::span<const double>(logits),
          {static_cast<std::int64_t>(rows.size()), model.vocabulary_}, reference_device);
    }
  };

  int vocabulary_;
  LogitTable table_;
  std::int64_t longest_;
};

}  // namespace heed
