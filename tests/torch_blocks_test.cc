// Kinds of blocks and of embeddings against PyTorch's numbers (tools/make_block_fixtures.py).
#include <map>

#include "heed/base/config_json.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/stack.h"
#include "tests/torch_layer.h"

namespace heed {
namespace {

// The cases of a file, whose configurations its metadata holds.
class TorchBlockTest : public TorchSequenceTest {
 protected:
  using TorchSequenceTest::TorchSequenceTest;

  // The cases of that kind, by name.
  std::map<std::string, StackConfig> cases(const std::string& wanted) const {
    std::map<std::string, StackConfig> result;
    const Json configs = parse_json(file_.file().metadata().at("configs"), "blocks");
    for (const auto& item : configs.items()) {
      const std::string& name = item.key();
      const std::string kind = name.starts_with("memory_")       ? "with memory"
                               : name.starts_with("embeddings_") ? "embeddings"
                                                                 : "alone";
      if (kind == wanted) {
        result[name] = config_from_json<StackConfig>(item.value(), name);
      }
    }
    return result;
  }
};

class TorchBlocks : public TorchBlockTest {
 protected:
  TorchBlocks() : TorchBlockTest("blocks") {}
};

TEST_P(TorchBlocks, Alone) {
  EXPECT_EQ(cases("alone").size(), 9u);
  for (const auto& [name, config] : cases("alone")) {
    Block block(config, {.causal = true}, backend().device);
    expect_layer(name, block, {"x"}, [&](const std::vector<Tensor>& in) {
      return block.forward(in[0], source_, context_);
    });
  }
}

TEST_P(TorchBlocks, WithMemory) {
  EXPECT_EQ(cases("with memory").size(), 2u);
  for (const auto& [name, config] : cases("with memory")) {
    Block block(config, {.causal = true, .cross = true}, backend().device);
    expect_layer(name, block, {"x", "memory"}, [&](const std::vector<Tensor>& in) {
      return block.forward(in[0], target_, in[1], source_, context_);
    });
  }
}

// What a model has before its first block.
class Front : public Module {
 public:
  Front(const StackConfig& config, std::int64_t segments, Device device)
      : table_(embedding_table(config, 9, no_padding, device)),
        embeddings_(config, {.segments = segments}, device),
        stack_(config, {.layers = 0}, device) {}

  Tensor forward(const Tensor& ids, const Tensor& segments, const Sequences& rows,
                 ForwardContext& context) const {
    return embeddings_.forward(ids, segments, table_, rows, rows.longest(), stack_.positions(),
                               context);
  }
  void visit(ParameterVisitor& visitor) override {
    visitor.parameter("table", table_);
    embeddings_.visit(visitor);
    stack_.visit(visitor);
  }

 private:
  Parameter table_;
  Embeddings embeddings_;
  Stack stack_;
};

TEST_P(TorchBlocks, Embeddings) {
  EXPECT_EQ(cases("embeddings").size(), 3u);
  for (const auto& [name, config] : cases("embeddings")) {
    const std::int64_t segments = name.starts_with("embeddings_segments") ? 3 : 0;
    Front front(config, segments, backend().device);
    expect_layer(name, front, {}, [&](const std::vector<Tensor>&) {
      return front.forward(file_[name + ".ids"], file_[name + ".segments"], source_, context_);
    });
  }
}

// Blocks of which some sequences skip sublayers.
class TorchStochasticDepth : public TorchBlockTest {
 protected:
  TorchStochasticDepth() : TorchBlockTest("stochastic_depth") {}

  // A pass in which the sequences skip what the file says.
  ForwardContext context_for(double rate, bool memory) const {
    struct Sublayer {
      const char *ours, *theirs;
    };
    const Sublayer sublayers[] = {
        {"self", "self_attn"}, {"feed_forward", "final"}, {"cross", "encoder_attn"}};
    const std::size_t count = memory ? 3 : 2;
    for (ForwardContext context{.training = true}; context.dropout_key < 100000;
         ++context.dropout_key) {
      bool same = true;
      for (std::size_t i = 0; i < count && same; ++i) {
        const DropoutSite site(std::string("encoder.0.") + sublayers[i].ours + ".depth", rate);
        const auto kept = file_.integers(std::string("kept.") + sublayers[i].theirs);
        for (std::size_t s = 0; s < kept.size(); ++s) {
          same = same && context.dropout(site, {}).keeps(s, 0) == (kept[s] != 0);
        }
      }
      if (same) {
        return context;
      }
    }
    ADD_FAILURE() << "no key makes these sequences skip these sublayers";
    return {};
  }
};

TEST_P(TorchStochasticDepth, ScalesWhatIsKept) {
  EXPECT_EQ(cases("alone").size() + cases("with memory").size(), 3u);
  for (const auto& [name, config] : cases("alone")) {
    Block block(config, {.causal = true}, backend().device);
    ForwardContext context = context_for(config.stochastic_depth, false);
    expect_layer(name, block, {"x"}, [&](const std::vector<Tensor>& in) {
      return block.forward(in[0], source_, context);
    });
  }
  for (const auto& [name, config] : cases("with memory")) {
    Block block(config, {.causal = true, .cross = true}, backend().device);
    ForwardContext context = context_for(config.stochastic_depth, true);
    expect_layer(name, block, {"x", "memory"}, [&](const std::vector<Tensor>& in) {
      return block.forward(in[0], target_, in[1], source_, context);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchStochasticDepth,
                         testing::Values(reference_backend, cpu_backend),
                         [](const auto& info) { return backend_name(info.param.device); });
INSTANTIATE_TEST_SUITE_P(Torch, TorchBlocks, testing::Values(reference_backend, cpu_backend),
                         [](const auto& info) { return backend_name(info.param.device); });

}  // namespace
}  // namespace heed
