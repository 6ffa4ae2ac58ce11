#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make_stub.sh LIBNRT GENERATION SOURCE MAP: writes what a link-time library of one generation (A or C) is made of: every symbol that
# LIBNRT exports, with that generation's version where there are two as the only one.
set -euo pipefail
library=$1
generation=$2
source=$3
map=$4
case $generation in
  A) other='@@NRT_3\.0\.0$' ;;
  C) other='[^@]@NRT_2\.0\.0$' ;;
  *) echo "make_stub.sh: no generation $generation" >&2 && exit 2 ;;
esac

symbols=$(nm -D --defined-only --format=posix "$library" | cut -d' ' -f1 | grep -E '@(NRT|NSIM)_' | grep -Ev "$other" | sed 's/@@*/ /' | sort -u)
{
  echo "/* Only for linking: whoever gets here at run time loaded the wrong library. */"
  sed 's/ .*//; s/.*/void &(void) { __builtin_trap(); }/' <<<"$symbols"
} >"$source"
for version in NRT_2.0.0 NRT_3.0.0 NSIM_1.0.0; do
  names=$(awk -v version="$version" '$2 == version { printf " %s;", $1 }' <<<"$symbols")
  if [[ -n $names ]]; then
    echo "$version { global:$names };"
  fi
done >"$map"
