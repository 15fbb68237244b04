// Runs a fuzz target without libFuzzer: the seeds, then a fixed sequence of damaged ones, in a
// child process that may die. Inputs that meet a new refusal are damaged further.
//
//   heed_fuzz_numpy [--runs N] [--seed N] [--reasons]   5,000 runs unless told; --reasons: why
//                                                       inputs were refused, and how often
//   heed_fuzz_numpy --write-seeds DIRECTORY             for libFuzzer
//   heed_fuzz_numpy FILE…                               just these inputs
#include <fmt/format.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <map>

#include "heed/base/files.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutation.h"

namespace heed::fuzz {

namespace {

constexpr std::size_t input_limit = std::size_t{1} << 18;
constexpr unsigned seconds_limit = 30;  // for one input; sanitizers are slow
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
constexpr rlim_t memory_limit = rlim_t{512} << 20;
#else
constexpr rlim_t memory_limit = RLIM_INFINITY;  // sanitizers take terabytes of addresses
#endif

// Else the damage never gets past the first checks: this share of the inputs has to be accepted,
// and unless there are many, no one reason may account for more than this share of the refusals.
constexpr double least_accepted = 0.01;
constexpr double many_accepted = 0.2;
constexpr double most_of_one_reason = 0.85;

struct Options {
  std::uint64_t runs = 5000;
  std::uint64_t seed = 1;
  bool show_reasons = false;
  std::string seed_directory;
  std::vector<std::string> files;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--runs" && more) {
      options.runs = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--seed" && more) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--reasons") {
      options.show_reasons = true;
    } else if (word == "--write-seeds" && more) {
      options.seed_directory = argv[++i];
    } else {
      options.files.push_back(word);
    }
  }
  return options;
}

// Memory that a child shares with its parent: the input it was given last.
class SharedInput {
 public:
  SharedInput()
      : shared_(static_cast<Shared*>(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    expect(shared_ != MAP_FAILED, "memory for the input");
  }
  void set(std::string_view input) const {
    shared_->size = input.size();
    std::memcpy(shared_->bytes, input.data(), input.size());
  }
  std::string_view get() const { return {shared_->bytes, shared_->size}; }

 private:
  struct Shared {
    std::size_t size;
    char bytes[input_limit];
  };
  Shared* shared_;
};

// The end of a message, without what differs from input to input.
std::string reason_of(const std::string& message) {
  std::string reason;
  bool quoted = false;
  const std::size_t colon = message.rfind(": ");
  for (const char c : message.substr(colon == std::string::npos ? 0 : colon)) {
    quoted = quoted != (c == '"' || c == '\'');
    if (!quoted && std::strchr("0123456789", c) == nullptr) {
      reason += c;
    }
  }
  return reason.substr(0, 60);
}

class Statistics {
 public:
  // Whether a new reason was met.
  bool add(const Outcome& outcome) {
    bool fresh = false;
    ++inputs_;
    accepted_ += outcome.accepted > 0 ? 1 : 0;
    refused_ += outcome.refusals.size();
    for (const std::string& refusal : outcome.refusals) {
      fresh = ++reasons_[reason_of(refusal)] == 1 || fresh;
    }
    return fresh;
  }
  double accepted_share() const { return share(accepted_, inputs_); }
  double commonest_share() const {
    std::uint64_t commonest = 0;
    for (const auto& [reason, count] : reasons_) {
      commonest = std::max(commonest, count);
    }
    return share(commonest, refused_);
  }
  void print(bool all_reasons) const {
    std::printf("%llu inputs, %.1f %% accepted; %zu reasons to refuse, the commonest in %.1f %%\n",
                static_cast<unsigned long long>(inputs_), 100 * accepted_share(), reasons_.size(),
                100 * commonest_share());
    for (const auto& [reason, count] : reasons_) {
      if (all_reasons) {
        std::printf("%8llu  %s\n", static_cast<unsigned long long>(count), reason.c_str());
      }
    }
  }

 private:
  static double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }

  std::uint64_t inputs_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::string, std::uint64_t> reasons_;
};

void run_one(const std::string& input, const SharedInput& shared) {
  shared.set(input);
  outcome() = {};
  ::alarm(seconds_limit);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  ::alarm(0);
}

// The exit code of the child.
int run_all(const Options& options, const SharedInput& shared) {
  for (const std::string& file : options.files) {
    run_one(read_file(file, input_limit), shared);
  }
  if (!options.files.empty()) {
    return 0;
  }
  Statistics statistics;
  const std::vector<std::string> sound = seeds();
  for (const std::string& seed : sound) {
    run_one(seed, shared);
    statistics.add(outcome());
  }
  std::vector<std::string> inputs = sound;
  Random random(options.seed);
  for (std::uint64_t run = 0; run < options.runs; ++run) {
    std::string input = mutated(random.below(4) == 0 ? inputs : sound, random, input_limit);
    run_one(input, shared);
    if (statistics.add(outcome())) {
      inputs.push_back(std::move(input));
    }
  }
  statistics.print(options.show_reasons);
  const bool effective = statistics.accepted_share() >= many_accepted ||
                         (statistics.accepted_share() >= least_accepted &&
                          statistics.commonest_share() <= most_of_one_reason);
  if (!effective) {
    std::fprintf(stderr, "the damaged inputs test too little\n");
  }
  return effective ? 0 : 2;
}

int run_child(const Options& options, const SharedInput& shared) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const rlimit memory{memory_limit, memory_limit};
  ::setrlimit(RLIMIT_DATA, &memory);
  try {
    return run_all(options, shared);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "an exception that is no heed::Error: %s\n", error.what());
  }
  return 1;
}

int report(int status, const char* program, std::string_view input) {
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2)) {
    return WEXITSTATUS(status);
  }
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "ended by signal %d (%s)\n", WTERMSIG(status),
                 ::strsignal(WTERMSIG(status)));
  }
  const std::string path = std::string(program) + ".crash";
  write_file(path, input);
  std::fprintf(stderr, "the input was saved; run it again with\n  %s %s\n", program, path.c_str());
  return 1;
}

void write_seeds(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  int number = 0;
  for (const std::string& seed : seeds()) {
    write_file(directory / fmt::format("seed-{:03}", number++), seed);
  }
}

int run(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  if (!options.seed_directory.empty()) {
    write_seeds(options.seed_directory);
    return 0;
  }
  const SharedInput shared;
  scratch_folder();  // made here, it goes also when the child dies
  std::fflush(nullptr);
  const pid_t child = ::fork();
  expect(child >= 0, "a child process");
  if (child == 0) {
    std::exit(run_child(options, shared));
  }
  int status = 0;
  expect(::waitpid(child, &status, 0) == child, "the child's end");
  return report(status, argv[0], shared.get());
}

}  // namespace

}  // namespace heed::fuzz

int main(int argc, char** argv) {
  return heed::fuzz::run(argc, argv);
}
