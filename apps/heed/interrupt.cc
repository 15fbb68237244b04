#include "apps/heed/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <csignal>

namespace heed::app {

namespace {

volatile std::sig_atomic_t pending = 0;
struct sigaction before_int, before_term;

void handle(int signal) {
  if (pending != 0) {
    _exit(128 + signal);
  }
  pending = signal;
}

}  // namespace

InterruptScope::InterruptScope() {
  pending = 0;
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &before_int);
  sigaction(SIGTERM, &action, &before_term);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &before_int, nullptr);
  sigaction(SIGTERM, &before_term, nullptr);
}

int pending_interrupt() {
  return pending;
}

}  // namespace heed::app
