// Many searches in one session of a model, each a step further at a time; prompts that wait join
// when others are done ("continuous batching"). generate() runs a loop for each of its batches; a
// server feeds one as requests come.
//
//   GenerationLoop loop(model, {.ends = {0}}, {}, /*rows=*/64);
//   loop.add({.prompt = prompt, .config = config, .on_done = …});
//   while (loop.step()) {
//   }
//
// An answer is what the prompt gives alone, whatever runs beside it. Belongs to one thread at a
// time.
#pragma once

#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "heed/generation/sampling.h"
#include "heed/generation/search.h"
#include "heed/nn/generator.h"

namespace heed {

struct GenerationRequest {
  Prompt prompt;
  std::int64_t index = 0;  // names it: sampling draws by it, on_token and errors tell it
  DecodingConfig config;   // all but batch_sentences
  OnToken on_token;        // optional, not with a beam
  std::function<void(std::vector<Hypothesis>)> on_done;  // gets the n_best hypotheses, best first
};

// Errors (failure): an id outside the vocabulary, an end symbol that is suppressed, no end symbol.
void check_output_symbols(const OutputSymbols& symbols, std::int64_t vocabulary);
// Errors (failure) name the prompt, `index` + 1: no tokens, or more than the model takes (unless
// the oldest make room: then more that are kept).
void check_prompt(const Prompt& prompt, std::int64_t index, std::int64_t longest);

class GenerationLoop {
 public:
  // At most `rows` hypotheses at a time, one request at least. Of the context counts what a session
  // takes; the model and heads that are off must outlive the loop.
  GenerationLoop(const Generator& model, const OutputSymbols& symbols,
                 const ForwardContext& context,
                 std::int64_t rows = std::numeric_limits<std::int64_t>::max());

  // Lets a request wait its turn. Errors as generate() has them.
  void add(GenerationRequest request);
  // Takes in who waits, as far as there are rows, and each search a token further. False: there is
  // nothing left to do. What callbacks throw passes through; the loop is of no more use then.
  bool step();

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }

 private:
  struct Running {
    GenerationRequest request;
    std::unique_ptr<Search> search;
    std::int64_t step = 0;  // tokens chosen
    std::int64_t held = 0;  // tokens of each of its rows in the session
  };

  std::unique_ptr<Search> make_search(const GenerationRequest& request) const;
  void advance();
  // Each live row of the items a token further.
  void go_on(std::span<Running* const> items);
  // The same for items whose rows are as long as the model takes: what is left of them joins anew.
  void slide(std::span<Running* const> items);
  void join();
  void forget_draws();
  // What live row `live` consists of by now, what was begun included.
  std::vector<int> tokens_of(const Running& item, std::size_t live) const;
  // Lets live row `live` of the search, which is row `row` of the logits, choose in this step.
  void add_draw(const Running& item, std::size_t live, std::int64_t row);
  // Extends the live rows of the items; draws_ says for each its row of the logits, which is row
  // first_row + … of the session.
  void extend(std::span<Running* const> items, const Tensor& logits, std::int64_t first_row);
  Candidates candidates(const Tensor& logits) const;
  void check_numbers(const Candidates& candidates) const;
  void finish();

  const Generator& model_;
  OutputSymbols symbols_;
  ForwardContext context_;
  std::int64_t row_limit_;
  std::unique_ptr<DecodingSession> session_;  // while searches run
  std::int64_t session_rows_ = 0;
  std::deque<GenerationRequest> waiting_;
  std::deque<Running> running_;
  std::int64_t rows_taken_ = 0;  // what the running ones may need
  // Of this step, live row by live row; rules for those that have some.
  std::vector<Draw> draws_;
  std::deque<TokenRules> rules_;
};

}  // namespace heed
