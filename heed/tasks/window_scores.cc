#include "heed/tasks/window_scores.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/autograd/gradient.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/tasks/pair_source.h"

namespace heed {

namespace {

// Counts characters among tokens: all but the bytes that continue one.
class CharacterCounter {
 public:
  explicit CharacterCounter(const Tokenizer& tokenizer) {
    for (int id = 0; id < tokenizer.size(); ++id) {
      const std::string piece = tokenizer.piece(id);
      begins_.push_back(!(piece.size() == 6 && piece >= "<0x80>" && piece <= "<0xBF>"));
    }
  }

  std::int64_t count(std::span<const std::int32_t> ids) const {
    return std::count_if(ids.begin(), ids.end(),
                         [&](std::int32_t id) { return begins_[static_cast<std::size_t>(id)]; });
  }

 private:
  std::vector<bool> begins_;  // by id
};

// The row of window i, whose first token is given.
std::array<std::int64_t, BitsPerCharacter::columns> row_of(const TokenStore& windows,
                                                           std::int64_t i,
                                                           const CharacterCounter& characters,
                                                           double log_probability) {
  const auto predicted = windows.target(i).subspan(1);
  return BitsPerCharacter::row(log_probability, characters.count(predicted),
                               static_cast<std::int64_t>(predicted.size()));
}

}  // namespace

SentenceStatistics window_statistics(const Generator& model,
                                     const std::shared_ptr<const TokenStore>& windows,
                                     const Tokenizer& tokenizer, const BatchConfig& batches,
                                     MatmulPrecision precision) {
  const NoGradientScope no_gradients;
  const CharacterCounter characters(tokenizer);
  SentenceStatistics statistics(BitsPerCharacter::columns);
  for_each_batch(WindowSource(windows), batches, [&](const PairBatch& batch) {
    ForwardContext context;
    context.precision = precision;
    const std::vector<double> scores =
        sequence_log_probabilities(model, batch.examples.prompts, batch.examples.outputs, context);
    for (std::size_t j = 0; j < scores.size(); ++j) {
      statistics.append(row_of(*windows, batch.numbers[j], characters, scores[j]));
    }
  });
  return statistics;
}

SentenceStatistics guessed_statistics(const TokenStore& windows, const Tokenizer& tokenizer) {
  const CharacterCounter characters(tokenizer);
  const double guess = -std::log(static_cast<double>(tokenizer.size()));
  SentenceStatistics statistics(BitsPerCharacter::columns);
  for (std::int64_t i = 0; i < windows.size(); ++i) {
    const auto predicted = static_cast<double>(windows.target(i).size() - 1);
    statistics.append(row_of(windows, i, characters, guess * predicted));
  }
  return statistics;
}

}  // namespace heed
