#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libFuzzer on the parsers and on the calls of libnrt, with address and undefined-behaviour checks: so many CPU-minutes each,
# begun from the committed corpora. Prints a line per target; an input that breaks one is left in build/fuzz/found.
# `--keep` adds to tests/fuzz/corpus what reaches code that nothing there reaches.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install=yes
keep=no
minutes=10
targets=()
text="tools/fuzz.sh [--no-install] [--minutes N] [--keep] [TARGET ...]"
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=no ;;
    --minutes) minutes=${2:?--minutes needs a number}; shift ;;
    --keep) keep=yes ;;
    --help | -h) usage "$text" ;;
    -*) usage "$text" 2 >&2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "fuzz.sh: --minutes $minutes is not a whole number above 0" >&2; exit 2; }
corpora=$root/tests/fuzz/corpus
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls "$corpora")
for target in "${targets[@]}"; do
  [ -d "$corpora/$target" ] || { echo "fuzz.sh: no target $target; there are: $(ls "$corpora" | xargs)" >&2; exit 2; }
done

[ "$install" = no ] || install_missing clang-14 libclang-rt-14-dev
build fuzz "${targets[@]/#/fuzz_}"

# fuzz TARGET FOLDER: runs until it has used its CPU time; on a busy machine that takes longer than the wall clock says.
fuzz() {
  local used=0 inputs=0 budget=$((minutes * 60)) log=$2/log
  TIMEFORMAT='%U %S'
  while [ "$used" -lt "$budget" ]; do
    local spent status=0
    # Small inputs: what matters of a grammar fits in them, and they run by the thousand.
    spent=$({ time "$root/build/fuzz/bin/fuzz_$1" -max_total_time=$((budget - used)) -max_len=4096 -print_final_stats=1 \
      -artifact_prefix="$2/broken-" "$2/corpus" "$corpora/$1" >"$log" 2>&1; } 2>&1) || status=$?
    used=$((used + $(awk '{print int($1 + $2 + 1)}' <<<"$spent")))
    inputs=$((inputs + $(awk '/number_of_executed_units/ {print $2}' "$log")))
    if [ $status -ne 0 ]; then
      echo "$1: broken after $used CPU-seconds and $inputs inputs, see $log and $2/broken-*"
      return 1
    fi
  done
  echo "$1: $used CPU-seconds, $inputs inputs, nothing found"
}

failed=no
for target in "${targets[@]}"; do
  found=$root/build/fuzz/found/$target
  mkdir -p "$found/corpus"
  fuzz "$target" "$found" || { failed=yes; continue; }
  [ "$keep" = no ] ||
    "$root/build/fuzz/bin/fuzz_$target" -set_cover_merge=1 "$corpora/$target" "$found/corpus" >"$found/merge.log" 2>&1
done
[ "$failed" = no ]
