#include "process_memory.h"

#include <fstream>
#include <sstream>
#include <string>

namespace heed::bench {

namespace {

// A line of /proc/self/status, such as "VmHWM:   1234 kB".
double megabytes_of(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(key + ":", 0) == 0) {
      double kilobytes = 0;
      std::istringstream(line.substr(key.size() + 1)) >> kilobytes;
      return kilobytes / 1024;
    }
  }
  return 0;
}

}  // namespace

PeakMemory::PeakMemory() {
  // 5 resets the peak; see proc(5), clear_refs.
  std::ofstream("/proc/self/clear_refs") << 5;
  baseline_ = megabytes_of("VmRSS");
}

double PeakMemory::megabytes() const {
  return megabytes_of("VmHWM") - baseline_;
}

}  // namespace heed::bench
