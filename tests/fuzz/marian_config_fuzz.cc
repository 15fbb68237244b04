// config.json and generation_config.json of a model directory.
#include "heed/interop/marian_config.h"

#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

MarianConfig sound_config() {
  return {.model = {.d_model = 16, .heads = 2, .feed_forward_size = 24},
          .vocabulary = {.source_size = 20, .target_size = 20, .symbols = marian_symbols(19)}};
}

}  // namespace

std::vector<std::string> seeds() {
  Json of_heed = write_marian_config(sound_config());
  Json of_others = of_heed;
  of_others.erase("heed");
  return {chosen(0, of_heed.dump()), chosen(0, of_others.dump(2)),
          chosen(1, write_generation_config(sound_config(), {}).dump())};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 2);
  attempt([&] {
    const Json json = parse_json(choice.rest, "config.json");
    if (choice.index == 0) {
      const MarianConfig config = read_marian_config(json, "config.json");
      const Json written = write_marian_config(config);
      expect(write_marian_config(read_marian_config(written, "again")) == written,
             "the same configuration from its own JSON");
      least_weight_bytes(config);
    } else {
      write_generation_config(sound_config(), read_generation_config(json, "config.json"));
    }
  });
  return 0;
}
