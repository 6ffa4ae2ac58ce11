#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests of the release preset, with the same set-up as quickstart.sh. `--sanitizers` runs the asan and tsan presets
# after it, `--preset P` one other preset only, `--heavy` adds the tests labelled heavy.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install=yes
heavy=(-LE heavy)
presets=(release)
text="tools/test.sh [--no-install] [--heavy] [--sanitizers] [--preset release|debug|asan|tsan|coverage]"
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=no ;;
    --heavy) heavy=() ;;
    --sanitizers) presets=(release asan tsan) ;;
    --preset) presets=("${2:?--preset needs a name}"); shift ;;
    --help | -h) usage "$text" ;;
    *) usage "$text" 2 >&2 ;;
  esac
  shift
done

[ "$install" = no ] || install_missing "${browser_packages[@]}"
for preset in "${presets[@]}"; do
  echo "== $preset: build"
  build "$preset"
  echo "== $preset: test"
  (cd "$root" && ctest --preset "$preset" "${heavy[@]}" --output-junit "$root/build/$preset/junit.xml" --progress)
done
