// Every kind of attention and every position scheme against PyTorch written down from
// docs/ATTENTION_KINDS.md and docs/POSITIONS.md (tools/make_attention_kind_fixtures.py), from what
// a sublayer reads to what it gives, forward and backward.
#include <map>
#include <set>

#include "heed/base/config_json.h"
#include "heed/nn/attention/multi_head.h"
#include "tests/torch_layer.h"

namespace heed {
namespace {

// Where the attention of a case stands.
struct Place {
  int width = 0;  // of the model
  int heads = 0;
  int layer = 0;
  bool causal = false;
  bool cross = false;
  int max_length = 0;
  std::vector<int> lengths;         // of the sequences
  std::vector<int> memory_lengths;  // of those that cross-attention attends to
  std::vector<int> prefixes;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("width", width, "");
    visit("heads", heads, "");
    visit("layer", layer, "");
    visit("causal", causal, "");
    visit("cross", cross, "");
    visit("max_length", max_length, "");
    visit("lengths", lengths, "");
    visit("memory_lengths", memory_lengths, "");
    visit("prefixes", prefixes, "");
  }
};

struct Case {
  AttentionConfig attention;
  PositionConfig position;
  Place place;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("attention", attention, "");
    visit("position", position, "");
    visit("place", place, "");
  }

  AttentionScope attention_scope_on(Device device) const {
    AttentionScope scope = attention_scope(attention, place.width, place.heads);
    scope.place = {.layer = place.layer, .cross = place.cross};
    scope.causal = place.causal;
    scope.device = device;
    return scope;
  }
  PositionScope position_scope_on(Device device) const {
    const AttentionScope scope = attention_scope(attention, place.width, place.heads);
    PositionScope result{.size = place.width,
                         .heads = scope.heads,
                         .key_heads = scope.key_heads,
                         .head_size = scope.key_size,
                         .value_size = scope.value_size,
                         .layers = place.layer + 1,
                         .longest = place.max_length,
                         .causal = place.causal,
                         .device = device};
    for (int layer = 0; layer <= place.layer && !place.cross; ++layer) {
      result.windowed.push_back(has_window(attention, layer));
    }
    return result;
  }
};

Sequences sequences_of(const std::vector<int>& lengths, const std::vector<int>& prefixes = {}) {
  Sequences result = make_sequences(std::vector<std::int32_t>(lengths.begin(), lengths.end()));
  result.prefixes.assign(prefixes.begin(), prefixes.end());
  return result;
}

// The attention of a case with the positions that act inside it.
class Attention : public Module {
 public:
  Attention(const Case& example, Device device)
      : positions_(make_position_encoding(example.position, example.position_scope_on(device))),
        rows_(sequences_of(example.place.lengths, example.place.prefixes)),
        memory_rows_(sequences_of(example.place.memory_lengths)) {
    const AttentionConfig config = attention_of_layer(example.attention, example.place.layer);
    if (example.place.cross) {
      cross_.emplace(config, example.attention_scope_on(device));
    } else {
      self_.emplace(config, example.attention_scope_on(device));
    }
  }

  // x, and for cross-attention the memory.
  Tensor forward(const std::vector<Tensor>& inputs, ForwardContext& context) const {
    return cross_ ? cross_->forward(inputs[0], rows_, inputs[1], memory_rows_, positions_.get(),
                                    context)
                  : self_->forward(inputs[0], rows_, positions_.get(), context);
  }
  void visit(ParameterVisitor& visitor) override {
    visitor.module("attention", cross_ ? static_cast<Module&>(*cross_) : *self_);
    visitor.module("positions", *positions_);
  }

 private:
  std::unique_ptr<PositionEncoding> positions_;
  std::optional<SelfAttention> self_;
  std::optional<CrossAttention> cross_;
  Sequences rows_, memory_rows_;
};

class TorchAttentionKinds : public TorchLayerTest {
 protected:
  TorchAttentionKinds() : TorchLayerTest("attention_kinds") {}

  // By name, those of "attentions" or of "tables".
  std::map<std::string, Case> cases(const std::string& list) const {
    std::map<std::string, Case> result;
    const Json listed = parse_json(file_.file().metadata().at("cases"), "attention_kinds");
    for (const auto& item : listed.at(list).items()) {
      result[item.key()] = config_from_json<Case>(item.value(), item.key());
    }
    return result;
  }
};

TEST_P(TorchAttentionKinds, WholeAttentions) {
  for (const auto& [name, example] : cases("attentions")) {
    Attention attention(example, backend().device);
    std::vector<std::string> inputs = {"x"};
    if (example.place.cross) {
      inputs.emplace_back("memory");
    }
    expect_layer(name, attention, inputs, [&](const std::vector<Tensor>& tensors) {
      return attention.forward(tensors, context_);
    });
  }
}

TEST_P(TorchAttentionKinds, TablesOfEmbeddings) {
  for (const auto& [name, example] : cases("tables")) {
    SCOPED_TRACE(name);
    const auto positions =
        make_position_encoding(example.position, example.position_scope_on(backend().device));
    for (const NamedTensor& item : stored_tensors_of(*positions)) {
      item.tensor.copy_from(file_[name + "/positions." + item.name]);
    }
    const std::int64_t length = example.place.max_length;
    expect_as_torch(positions->table(length).rows(0, length).to_doubles(),
                    file_.numbers(name + "/y"), backend().forward, "table");
  }
}

// One that joins has to stand on those pages.
TEST_P(TorchAttentionKinds, LeaveNoKindAndNoSchemeOut) {
  std::set<std::string> found;
  for (const auto& [name, example] : cases("attentions")) {
    const AttentionConfig& config = example.attention;
    found.insert({"kind " + config.kind, "normalizer " + config.normalizer,
                  "topology " + config.topology, "position " + example.position.kind});
    for (const auto& [key, on] : {std::pair{"qk_norm", config.qk_norm},
                                  {"soft_cap", config.soft_cap > 0},
                                  {"sinks", config.sinks},
                                  {"talking_heads", config.talking_heads}}) {
      found.insert(on ? std::string(key) + " " : "");
    }
  }
  for (const auto& [name, example] : cases("tables")) {
    found.insert("position " + example.position.kind);
  }
  for (const AttentionKind& kind : attention_kinds()) {
    EXPECT_TRUE(found.contains(kind.key + " " + kind.name)) << kind.key << " " << kind.name;
  }
  for (const PositionScheme& scheme : position_schemes()) {
    EXPECT_TRUE(found.contains("position " + scheme.kind)) << scheme.kind;
  }
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchAttentionKinds,
                         testing::Values(reference_backend, cpu_backend),
                         [](const auto& info) { return backend_name(info.param.device); });

}  // namespace
}  // namespace heed
