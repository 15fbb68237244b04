#include "heed/nn/module.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/nn/layers.h"
#include "heed/nn/sequences.h"

namespace heed {
namespace {

class TwoLinears : public Module {
 public:
  TwoLinears() : first(4, 3, cpu_device), second(3, 2, {"left", "right"}, cpu_device) {}
  void visit(ParameterVisitor& visitor) override {
    visitor.module("first", first);
    visitor.parameter("second.fused", second.weight);
    visitor.parameter("again", first.weight);  // tied: counted once
  }
  Linear first;
  FusedLinear second;
};

TEST(Module, ListsEachParameterOnceAndStoresParts) {
  TwoLinears module;
  EXPECT_EQ(count_parameters(module), 4 * 3 + 3 + 4 * 3);
  const auto stored = stored_tensors_of(module);
  ASSERT_EQ(stored.size(), 4u);
  EXPECT_EQ(stored[2].name, "second.left.weight");
  EXPECT_EQ(stored[3].name, "second.right.weight");
  stored[3].tensor.fill(7);
  EXPECT_EQ(module.second.weight.value.to_doubles()[6], 7.0);
}

TEST(Module, InitialValuesDependOnSeedAndNameAlone) {
  TwoLinears a, b, c;
  initialize_parameters(a, 1);
  initialize_parameters(b, 1);
  initialize_parameters(c, 2);
  EXPECT_EQ(a.first.weight.value.to_doubles(), b.first.weight.value.to_doubles());
  EXPECT_NE(a.first.weight.value.to_doubles(), c.first.weight.value.to_doubles());
  const double bound = std::sqrt(6.0 / 7.0);
  for (const double value : a.first.weight.value.to_doubles()) {
    EXPECT_LE(std::abs(value), bound);
  }
}

TEST(Module, EmbeddingsWeighAsMuchAsPositions) {
  class Table : public Module {
   public:
    Table() : table({2000, 64}, Initial::embedding, false, cpu_device) { table.zero_row = 3; }
    void visit(ParameterVisitor& visitor) override { visitor.parameter("table", table); }
    Parameter table;
  } module;
  initialize_parameters(module, 1);
  const auto values = module.table.value.to_doubles();
  double squares = 0;
  for (const double value : values) {
    squares += value * value;
  }
  EXPECT_NEAR(squares / 2000, 1.0, 0.02);  // |√64 · row|² / 64
  for (std::size_t column = 0; column < 64; ++column) {
    EXPECT_EQ(values[3 * 64 + column], 0.0);
  }
}

TEST(Sequences, NameEveryTokenByExampleAndPosition) {
  const std::vector<std::int32_t> lengths = {2, 0, 3};
  const std::vector<std::int64_t> examples = {9, 4, 7};
  const Sequences sequences = make_sequences(lengths, examples);
  EXPECT_EQ(sequences.offsets, (std::vector<std::int32_t>{0, 2, 2, 5}));
  EXPECT_EQ(sequences.row_keys[1], (std::uint64_t{9} << 32 | 1));
  EXPECT_EQ(sequences.row_keys[4], (std::uint64_t{7} << 32 | 2));
  EXPECT_EQ(sequences.positions.to_doubles(), (std::vector<double>{0, 1, 0, 1, 2}));
  EXPECT_EQ(sequences.longest(), 3);
  EXPECT_THROW(make_sequences(lengths, std::vector<std::int64_t>{1}), Error);
}

}  // namespace
}  // namespace heed
