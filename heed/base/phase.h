// What a process is doing, in a few words, for the message that memory has ended: whoever throws or
// reports that knows how much was asked for, but not what for.
//
//   Phase phase("training step");
//   phase.at(12);  // "out of memory while training step 12: …"
//
// One for the whole process. Threads that work for a phase stand in it; of phases that several
// threads begin, the last one is told.
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace heed {

class Phase {
 public:
  // `words` live as long as the process. The phase before comes back when this one ends; but one
  // that an exception ends stays, for who catches it, until the next begins or an outer one ends.
  explicit Phase(const char* words);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  // How far the phase is: told behind its words.
  void at(std::int64_t number);

 private:
  const char* previous_words_;
  std::int64_t previous_number_;
  int exceptions_;
};

// " while training step 12", or nothing outside of phases.
std::string while_text();

}  // namespace heed
