#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests, with the same set-up as quickstart.sh. Presets: release (everything), asan and tsan (all but what
# is labelled `heavy`). `--preset P` runs one only; `--heavy` adds the tests labelled heavy.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install=yes
heavy=(-LE heavy)
presets=(release asan tsan)
text="tools/test.sh [--no-install] [--heavy] [--preset release|debug|asan|tsan|coverage]"
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=no ;;
    --heavy) heavy=() ;;
    --preset) presets=("${2:?--preset needs a name}"); shift ;;
    --help | -h) usage "$text" ;;
    *) usage "$text" 2 >&2 ;;
  esac
  shift
done

[ "$install" = no ] || install_missing
for preset in "${presets[@]}"; do
  echo "== $preset: build"
  build "$preset"
  echo "== $preset: test"
  (cd "$root" && ctest --preset "$preset" "${heavy[@]}" --output-junit "$root/build/$preset/junit.xml" --progress)
done
