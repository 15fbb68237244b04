#include "heed/nn/position/position_encoding.h"

#include <mutex>

#include "heed/base/error.h"
#include "heed/nn/position/alibi.h"
#include "heed/nn/position/cope.h"
#include "heed/nn/position/learned.h"
#include "heed/nn/position/none.h"
#include "heed/nn/position/rotary.h"
#include "heed/nn/position/shaw.h"
#include "heed/nn/position/sinusoidal.h"
#include "heed/nn/position/swin.h"
#include "heed/nn/position/t5.h"
#include "heed/nn/position/xpos.h"

namespace heed {

namespace {

struct Registry {
  std::mutex mutex;
  std::vector<PositionScheme> schemes = {
      none_scheme(),  sinusoidal_scheme(), sinusoidal2d_scheme(), learned_scheme(),
      shaw_scheme(),  rotary_scheme(),     xpos_scheme(),         t5_scheme(),
      alibi_scheme(), swin_scheme(),       swin2_scheme(),        cope_scheme()};
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

std::vector<PositionScheme> position_schemes() {
  const std::lock_guard lock(registry().mutex);
  return registry().schemes;
}

void add_position_scheme(PositionScheme scheme) {
  check(!scheme.kind.empty() && scheme.make != nullptr,
        "a position scheme needs a kind and a function that makes it");
  const std::lock_guard lock(registry().mutex);
  for (PositionScheme& known : registry().schemes) {
    if (known.kind == scheme.kind) {
      known = std::move(scheme);
      return;
    }
  }
  registry().schemes.push_back(std::move(scheme));
}

PositionScheme position_scheme(const std::string& kind) {
  std::string known;
  for (const PositionScheme& scheme : position_schemes()) {
    if (scheme.kind == kind) {
      return scheme;
    }
    known += (known.empty() ? "" : ", ") + scheme.kind;
  }
  fail(ErrorKind::usage, "position.kind '{}': expected one of {}", kind, known);
}

std::unique_ptr<PositionEncoding> make_position_encoding(const PositionConfig& config,
                                                         const PositionScope& scope) {
  return position_scheme(config.kind).make(config, scope);
}

}  // namespace heed
