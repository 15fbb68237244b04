#include "heed/base/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace heed {

namespace {

// "max 100000" or "150000 100000": the share of processor time of a version 2 control group.
int processor_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (file >> quota >> period && quota > 0 && period > 0) {
    return std::max(1, static_cast<int>(quota / period + 0.5));
  }
  return std::numeric_limits<int>::max();
}

}  // namespace

int usable_processor_count() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  // Fails on machines with more than 1,024 processors, where the quota or the count decides.
  const int allowed = ::sched_getaffinity(0, sizeof(processors), &processors) == 0
                          ? CPU_COUNT(&processors)
                          : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  return std::max(1, std::min(allowed, processor_quota()));
}

}  // namespace heed
