#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rules_test.sh FOLDER: every rule has a row in README.md, and every file of a row has a case that names the rule.
set -euo pipefail
cd "$1"
failed=0
for rule in $(seq 1 81); do
  # Names of cases begin a line of their own, or follow TEST_CASE(.
  found=$(grep -lE "^ *(TEST_CASE\()?\"(R[0-9]+ )*R$rule " ./*_test.cpp generation_c/*_test.cpp | sed 's|^\./||; s|_test\.cpp$||' || true)
  listed=$(grep -E "^\| R$rule \|" README.md | cut -d'|' -f4 | tr ',' '\n' | tr -d ' ' || true)
  if [[ -z $listed ]]; then
    echo "R$rule has no row in README.md"
    failed=1
  fi
  for file in $listed; do
    if ! grep -qx "$file" <<<"$found"; then
      echo "R$rule: no case in $file names it"
      failed=1
    fi
  done
done
exit $failed
