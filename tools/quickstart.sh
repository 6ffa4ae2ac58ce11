#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh Debian 12 to a model running on a simulated Trainium: install, build, run.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install=yes
for argument in "$@"; do
  case $argument in
    --no-install) install=no ;;
    --help | -h) usage "tools/quickstart.sh [--no-install]" ;;
    *) usage "tools/quickstart.sh [--no-install]" 2 >&2 ;;
  esac
done

[ "$install" = no ] || install_missing
build release nsim nrt

out=$root/out/quickstart
echo "+ build/release/bin/nsim run models/gemm_1024.toml --config trn2 --requests 4 --depth 3 --check --out out/quickstart"
"$root/build/release/bin/nsim" run "$root/models/gemm_1024.toml" --config trn2 --requests 4 --depth 3 --check --out "$out"
echo
"$root/build/release/bin/nsim" report "$out" >/dev/null
echo "Open out/quickstart/report.html in a browser: what bounded the run, with its timeline. Numbers: out/quickstart/summary.json"
