// metrics.jsonl, as a run that resumes reads it back.
#include "heed/training/history.h"

#include "heed/base/files.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path directory = scratch_folder() / "seed";
  std::filesystem::create_directories(directory);
  History history(directory, 0, -1);
  history.add(StepRecord{.step = 50, .loss = 4.5, .learning_rate = 1e-4, .gradient_norm = 1.5});
  history.add(ValidationRecord{.step = 50, .train_loss = 4.4, .loss = 4.2, .best = true});
  history.add(ValidationRecord{
      .step = 90, .epoch = 1, .loss = 3.2, .measures = {{"bleu", 7.5}}, .seconds = 9.5});
  history.flush();
  return {read_file(directory / "metrics.jsonl")};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  std::filesystem::create_directories(scratch_folder() / "run");
  write_scratch("run/metrics.jsonl", text_of(data, size));
  std::filesystem::remove(scratch_folder() / "run" / "events.out.tfevents.heed");
  attempt([&] {
    History history(scratch_folder() / "run", size, 100);
    const std::size_t steps = history.steps().size();
    history.add(StepRecord{.step = 101});
    History again(scratch_folder() / "run", history.flush(), 101);
    expect(again.steps().size() == steps + 1, "the same records, read again");
  });
  return 0;
}
