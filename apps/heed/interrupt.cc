#include "apps/heed/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

namespace heed::app {

namespace {

// What asks a run to end: a key, a system that shuts down, a terminal that is closed.
constexpr int asking[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t caught = 0;
struct sigaction before[std::size(asking)], before_pipe;

void handle(int signal) {
  if (caught != 0) {
    _exit(128 + signal);
  }
  caught = signal;
}

}  // namespace

int InterruptScope::pending() {
  if (watching_) {
    return caught;
  }
  watching_ = true;
  caught = 0;
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < std::size(asking); ++i) {
    sigaction(asking[i], &action, &before[i]);
    if (before[i].sa_handler == SIG_IGN) {  // as under nohup
      sigaction(asking[i], &before[i], nullptr);
    }
  }
  return 0;
}

// Messages that nobody reads any more are no reason to end.
InterruptScope::InterruptScope() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  sigemptyset(&action.sa_mask);
  sigaction(SIGPIPE, &action, &before_pipe);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGPIPE, &before_pipe, nullptr);
  if (watching_) {
    for (std::size_t i = 0; i < std::size(asking); ++i) {
      sigaction(asking[i], &before[i], nullptr);
    }
  }
}

}  // namespace heed::app
