// The memory of this process: how far its resident set grew at most.
#pragma once

namespace heed::bench {

// Counts from its construction: the greatest resident set since then less the resident set then.
// On Linux; elsewhere, or where the kernel forbids to forget the peak, from the start of the
// process.
class PeakMemory {
 public:
  PeakMemory();
  double megabytes() const;  // of 2^20 bytes

 private:
  double baseline_;
};

}  // namespace heed::bench
