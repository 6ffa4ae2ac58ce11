#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install_test.sh BUILD SOURCE: installs into a scratch prefix, then builds the documented example against the
# installation with find_package and with pkg-config, and runs it under the installed nsim.
set -euo pipefail
build=$1
source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/usr" >/dev/null

mkdir "$scratch/client"
cat >"$scratch/client/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(client C)
find_package(neuronsim REQUIRED)
add_executable(client $source/tests/clients/async_example.c)
target_link_libraries(client neuronsim::nrt)
CMAKE
cmake -G Ninja -S "$scratch/client" -B "$scratch/client/build" -DCMAKE_PREFIX_PATH="$scratch/usr" >/dev/null
cmake --build "$scratch/client/build" >/dev/null

pc=$(dirname "$(find "$scratch/usr" -name neuronsim.pc)")
flags=$(PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$scratch/usr" --cflags --libs neuronsim)
# shellcheck disable=SC2086
cc "$source/tests/clients/async_example.c" -o "$scratch/client/by_pkg_config" $flags

nsim=$scratch/usr/bin/nsim
"$nsim" pack "$(find "$scratch/usr" -name gemm_1024.toml)" --config trn1 -o "$scratch/gemm.neff"
for client in "$scratch/client/build/client" "$scratch/client/by_pkg_config"; do
  "$nsim" exec --config trn1 -- "$client" "$scratch/gemm.neff"
done
