// What the command says when there is no way on.
#pragma once

#include <string>

namespace heed::app {

// Makes room for the ends of a process whose memory is limited: takes the stack that the main
// thread may need now, since it ends by a signal when it cannot grow later; and lets an exception
// that nobody can catch, in a thread of a library say, end the process with a line on standard
// error and exit code 1.
void prepare_for_the_worst();

// "out of memory while training step 12: the process holds 213 MB, of 250 MB that it may
// (ulimit -v)".
std::string out_of_memory_message();

}  // namespace heed::app
