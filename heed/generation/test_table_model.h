// For tests: a model whose next token depends on the source and on all tokens before, by a function
// that the test gives. With a source the first token is a start symbol, which the function does not
// see.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/nn/generator.h"

namespace heed {

using Prefix = std::vector<int>;

// What `body` complains of.
inline std::string message_of(const auto& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

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

  std::unique_ptr<DecodingSession> start(const ForwardContext&) const override {
    return std::make_unique<Session>(*this);
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
      Prefix source;
      Prefix prefix;  // without the start symbol, where there is a source
    };
    const TableModel& model;
    std::vector<Row> rows;

    explicit Session(const TableModel& owner) : model(owner) {}

    Tensor add(const Prompts& prompts) override {
      const std::size_t first = rows.size();
      for (std::size_t i = 0; i + 1 < prompts.begun.rows.offsets.size(); ++i) {
        Row& row = rows.emplace_back(sequence(prompts.source, i), sequence(prompts.begun, i));
        if (!row.source.empty()) {
          row.prefix.erase(row.prefix.begin());
        }
      }
      return logits_of_rows(first);
    }

    Tensor advance(std::span<const std::int32_t> parents,
                   std::span<const std::int32_t> tokens) override {
      std::vector<Row> next;
      for (std::size_t i = 0; i < parents.size(); ++i) {
        next.push_back(rows.at(static_cast<std::size_t>(parents[i])));
        next.back().prefix.push_back(tokens[i]);
      }
      rows = std::move(next);
      return logits_of_rows(0);
    }

    Tensor extend(std::span<const std::int32_t>,
                  std::span<const std::span<const std::int32_t>>) override {
      fail(ErrorKind::failure, "a table goes on token by token");
    }

    static Prefix sequence(const Inputs& inputs, std::size_t i) {
      const auto ids = inputs.ids.values<std::int32_t>();
      const auto& offsets = inputs.rows.offsets;
      return {ids.begin() + offsets[i], ids.begin() + offsets[i + 1]};
    }

    Tensor logits_of_rows(std::size_t first) const {
      std::vector<double> logits;
      for (std::size_t i = first; i < rows.size(); ++i) {
        const auto row = model.table_(rows[i].source, rows[i].prefix);
        logits.insert(logits.end(), row.begin(), row.end());
      }
      for (std::size_t seen = model.largest_step;
           seen < rows.size() && !model.largest_step.compare_exchange_weak(seen, rows.size());) {
      }
      model.row_count += rows.size() - first;
      return Tensor::from_values<double>(
          std::span<const double>(logits),
          {static_cast<std::int64_t>(rows.size() - first), model.vocabulary_}, reference_device);
    }
  };

  int vocabulary_;
  LogitTable table_;
  std::int64_t longest_;
};

}  // namespace heed
