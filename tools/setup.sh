#!/bin/sh
# Installs the Debian packages that heed is built with, those that are missing and no others. Quick
# and silent when nothing is. HEED_SKIP_SETUP=1 leaves the system alone.
#
#   tools/setup.sh [further packages]
set -eu

packages="
  g++ cmake ninja-build pkg-config
  libdnnl-dev libhwy-dev libsentencepiece-dev libicu-dev
  nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libfmt-dev zlib1g-dev libpng-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  $*
"

if [ "${HEED_SKIP_SETUP:-0}" = 1 ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: no apt-get here; install what these Debian packages hold, then set HEED_SKIP_SETUP=1:" $packages >&2
  exit 1
fi

missing=
for package in $packages; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "setup: packages are missing, and there is no sudo. As root: apt-get install$missing" >&2
    exit 1
  fi
  # Without a terminal nobody can type a password.
  as_root=sudo
  [ -t 0 ] || as_root="sudo -n"
  if ! $as_root true; then
    echo "setup: packages are missing, and sudo refuses. As root: apt-get install$missing" >&2
    exit 1
  fi
fi

echo "setup: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" \
    >>"$log" 2>&1 </dev/null
}
# Old lists may still do when the network does not.
apt update || true
if ! apt install --no-install-recommends $missing; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get could not install$missing" >&2
  exit 1
fi
