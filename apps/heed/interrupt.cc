#include "apps/heed/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <csignal>

namespace heed::app {

namespace {

volatile std::sig_atomic_t caught = 0;
struct sigaction before_int, before_term;

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
  sigaction(SIGINT, &action, &before_int);
  sigaction(SIGTERM, &action, &before_term);
  return 0;
}

InterruptScope::~InterruptScope() {
  if (watching_) {
    sigaction(SIGINT, &before_int, nullptr);
    sigaction(SIGTERM, &before_term, nullptr);
  }
}

}  // namespace heed::app
