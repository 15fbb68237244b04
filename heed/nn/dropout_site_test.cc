#include "heed/nn/dropout_site.h"

#include <gtest/gtest.h>

#include <set>

#include "heed/backends/reference/register.h"
#include "heed/nn/block.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

Tensor ones(std::int64_t rows) {
  const Tensor x = Tensor::empty({rows, 256}, DType::float64, reference_device);
  x.fill(1);
  return x;
}

class DropoutSites : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }
};

std::vector<double> mask(ForwardContext& context, const DropoutSite& site) {
  return ops::dropout(ones(3), context.dropout(site, {})).to_doubles();
}

TEST_F(DropoutSites, DrawsByItsNameWhateverWasDrawnBefore) {
  const DropoutSite first("encoder.0.self.output", 0.5), second("encoder.1.self.output", 0.5);
  ForwardContext context{.training = true, .dropout_key = 7};
  const std::vector<double> alone = mask(context, second);
  const std::vector<double> other = mask(context, first);
  EXPECT_EQ(mask(context, second), alone);
  EXPECT_EQ(mask(context, DropoutSite("encoder.1.self.output", 0.5)), alone);
  EXPECT_NE(other, alone);
  context.dropout_key = 8;
  EXPECT_NE(mask(context, second), alone);
}

TEST_F(DropoutSites, DropsNothingOutsideTraining) {
  ForwardContext context;
  EXPECT_EQ(mask(context, DropoutSite("anything", 0.5)), ones(3).to_doubles());
}

TEST_F(DropoutSites, ALayerDrawsApartFromItsNeighbours) {
  const StackConfig config{
      .d_model = 8, .heads = 2, .feed_forward_size = 12, .dropout = 0.5, .activation_dropout = 0.5};
  const std::vector<std::int32_t> lengths = {3, 4};
  const Sequences sequences = make_sequences(lengths);
  std::set<std::vector<double>> results;
  for (const int index : {0, 1, 2}) {
    for (const char* stack : {"encoder", "decoder"}) {
      Block layer(config, {.stack = stack, .layer = index}, reference_device);
      initialize_parameters(layer, 3);
      const Tensor x = Tensor::empty({7, 8}, DType::float64, reference_device);
      x.fill(0.5);
      ForwardContext context{.training = true, .dropout_key = 7};
      const auto once = layer.forward(x, sequences, context).to_doubles();
      EXPECT_EQ(layer.forward(x, sequences, context).to_doubles(), once);
      results.insert(once);
    }
  }
  EXPECT_EQ(results.size(), 6u);
}

}  // namespace
}  // namespace heed
