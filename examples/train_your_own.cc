// A model of one's own: a small Transformer that sorts. It reads a word ("dbca") and says at each
// place which letter belongs there ("abcd"). The program makes its own data, trains, saves, loads
// what it saved, and holds the loaded model to words that it never saw.
//
//   example_train_your_own [FILE.safetensors]
#include <algorithm>
#include <cstdio>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/formats/load_tensors.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/stack.h"
#include "heed/ops/softmax.h"
#include "heed/training/optimizer.h"
#include "heed/training/schedule.h"

using heed::Tensor, heed::cpu_device;

constexpr int width = 64, letters = 26, longest = 10;

class Sorter : public heed::Module {
 public:
  explicit Sorter(std::uint64_t seed) { initialize_parameters(*this, seed); }
  // What is trained, saved and loaded, by name.
  void visit(heed::ParameterVisitor& visitor) override {
    visitor.parameter("letters", table_);
    visitor.module("stack", stack_);
    visitor.module("output", output_);
  }
  // ids: int32 [tokens], word after word → logits [tokens, letters] of what belongs in each place.
  Tensor forward(const Tensor& ids, const heed::Sequences& words) const {
    heed::ForwardContext context;
    return output_.forward(features(ids, words, context), context);
  }
  // The mean cross-entropy of the right letters: projection, softmax and loss in one op.
  Tensor loss(const Tensor& ids, const Tensor& sorted_ids, const heed::Sequences& words) const {
    heed::ForwardContext context;
    const auto result = heed::ops::projection_cross_entropy(
        features(ids, words, context), {output_.weight.value, output_.bias.value}, sorted_ids,
        {.scale = 1.0f / static_cast<float>(words.tokens())});
    return result.loss;
  }

 private:
  Tensor features(const Tensor& ids, const heed::Sequences& words,
                  heed::ForwardContext& context) const {
    return stack_.forward(
        embeddings_.forward(ids, Tensor(), table_, words, longest, stack_.positions(), context),
        words, context);
  }

  heed::StackConfig config_{.d_model = width,
                            .heads = 4,
                            .feed_forward_size = 128,
                            .activation = "gelu",
                            .norm = "pre",
                            .max_length = longest,
                            .position = {.kind = "learned"}};
  heed::Parameter table_ = embedding_table(config_, letters, heed::no_padding, cpu_device);
  heed::Embeddings embeddings_{config_, {}, cpu_device};
  heed::Stack stack_{config_, {.layers = 2}, cpu_device};
  heed::Linear output_{width, letters, cpu_device};
};

// Words of 2 to 10 letters and the same words sorted, packed without padding.
struct Batch {
  Batch(int count, heed::Random& random) {
    std::vector<std::int32_t> all, all_sorted, lengths;
    for (int i = 0; i < count; ++i) {
      std::vector<std::int32_t> word(2 + random.below(longest - 1));
      for (std::int32_t& letter : word) {
        letter = static_cast<std::int32_t>(random.below(letters));
      }
      lengths.push_back(static_cast<std::int32_t>(word.size()));
      all.insert(all.end(), word.begin(), word.end());
      std::sort(word.begin(), word.end());
      all_sorted.insert(all_sorted.end(), word.begin(), word.end());
    }
    words = heed::make_sequences(lengths);
    ids = Tensor::from_values<std::int32_t>(all, {words.tokens()});
    sorted_ids = Tensor::from_values<std::int32_t>(all_sorted, {words.tokens()});
  }
  heed::Sequences words;
  Tensor ids, sorted_ids;  // int32 [tokens]
};

void train(Sorter& model, int steps) {
  require_gradients(model);
  heed::Optimizer optimizer(model, {.kind = "adamw", .weight_decay = 0.01});
  const heed::Schedule schedule({.kind = "cosine", .learning_rate = 0.004, .warmup_steps = 50},
                                steps);
  heed::Random random(/*seed=*/1);
  for (int step = 1; step <= steps; ++step) {
    const Batch batch(128, random);
    const Tensor loss = model.loss(batch.ids, batch.sorted_ids, batch.words);
    backward(loss);
    optimizer.step(schedule.rate(step), optimizer.gradient_norm());
    if (step % 100 == 0) {
      std::printf("step %d: loss %.4f\n", step, loss.item());
    }
  }
}

// The share of places with the right letter.
double accuracy(const Sorter& model, const Batch& batch) {
  const heed::NoGradientScope no_gradients;
  const auto logits = model.forward(batch.ids, batch.words).to_doubles();
  const auto expected = batch.sorted_ids.values<std::int32_t>();
  double right = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * letters);
    right += std::max_element(row, row + letters) - row == expected[i] ? 1 : 0;
  }
  return right / static_cast<double>(expected.size());
}

int main(int argc, char** argv) try {
  heed::register_cpu_backend();
  const std::string file = argc > 1 ? argv[1] : "sorter.safetensors";
  Sorter model(/*seed=*/1);
  train(model, 500);
  heed::write_safetensors(file, stored_tensors_of(model));

  Sorter loaded(/*seed=*/2);
  heed::load_tensors(heed::SafetensorsFile(file), stored_tensors_of(loaded));
  heed::Random random(/*seed=*/3);
  const double share = accuracy(loaded, Batch(1000, random));
  std::printf("%s: %lld weights put %.2f %% of the letters of 1000 new words in place\n",
              file.c_str(), static_cast<long long>(count_parameters(loaded)), 100 * share);
  heed::check(share > 0.98, "the model did not learn to sort");
} catch (const heed::Error& error) {
  std::fprintf(stderr, "example_train_your_own: %s\n", error.what());
  return heed::exit_code(error.kind());
}
