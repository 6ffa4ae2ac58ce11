# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart.sh and test.sh: installs the Debian packages that are missing, configures, builds.
# Everything works from any directory and needs nothing but Debian 12's base system.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(
  g++ cmake ninja-build pkg-config ccache
  libsystemc-dev libtomlplusplus-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libprotozero-dev
  libarchive-dev libboost-program-options-dev libeigen3-dev libssl-dev libsqlite3-dev zlib1g-dev
  catch2 valgrind spin librapidcheck-dev
  python3-numpy
)

# What only the tests of reports in a browser need.
browser_packages=(chromium chromium-driver python3-selenium python3-pil fonts-dejavu-core)

# install_missing [PACKAGE...]: those above and the ones named.
install_missing() {
  local missing=()
  for package in "${packages[@]}" "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing: ${missing[*]}"
  local sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: everything when no target is named.
build() {
  local preset=$1
  shift
  local build_dir=$root/build/$preset
  [ -f "$build_dir/build.ninja" ] || (cd "$root" && cmake --preset "$preset" >"/tmp/nsim-configure.$$" 2>&1) ||
    { cat "/tmp/nsim-configure.$$"; return 1; }
  rm -f "/tmp/nsim-configure.$$"
  ninja -C "$build_dir" --quiet "$@"
}

usage() {
  echo "usage: $1"
  exit "${2:-0}"
}
