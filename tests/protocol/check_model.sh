#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_model.sh MODEL WORK_FOLDER [-DNAME=VALUE...]: verifies a Spin model over its full state space. Fails also when a
# statement was never reached, or when one of the mistakes that the model can plant (BUG_...) is not found: then its
# properties say nothing.
set -euo pipefail
model=$(realpath "$1")
work=$2
shift 2
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# verify DEFINE...: the verifier's report on standard output.
verify() {
  spin -a "$@" "$model" >spin.txt || { cat spin.txt; exit 1; }
  cc -O1 -w -DSAFETY -o pan pan.c
  ./pan -m1000000
}

report=$(verify "$@")
grep -E 'errors:|states, stored$' <<<"$report"
if ! grep -q 'errors: 0$' <<<"$report" || grep -qiE 'too small|out of memory|truncated|error:' <<<"$report"; then
  echo "$report"
  spin -t -p -g -l "$@" "$model" 2>/dev/null | tail -40 || true
  exit 1
fi
if grep -A20 '^unreached in' <<<"$report" | grep -E 'state [0-9]+,' | grep -v '"-end-"'; then
  echo "statements above are never reached"
  exit 1
fi

for bug in $(grep -oE 'BUG_[A-Z_]+[A-Z]' "$model" | sort -u); do
  rm -f ./*.trail
  report=$(verify "$@" "-D$bug")
  if ! grep -q 'errors: [1-9][0-9]*$' <<<"$report"; then
    echo "$bug is not found"
    exit 1
  fi
  echo "$bug is found"
done
