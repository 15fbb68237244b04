#include "heed/base/error.h"

namespace heed {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::failure:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::bad_data:
      return 65;
    case ErrorKind::input_output:
      return 74;
  }
  return 1;
}

}  // namespace heed
