#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install_test.sh BUILD SOURCE: installs into a scratch prefix, then builds the documented example against the
# installation with find_package and with pkg-config, in each generation of the asynchronous interface, and runs it under the installed nsim.
# An NKI kernel finds the installed library by itself. CFLAGS and CXXFLAGS are for the clients, PYTHON_PRELOAD is a library that Python
# starts with: an instrumented installation needs them.
set -euo pipefail
build=$1
source=$2
python() { env ${PYTHON_PRELOAD:+"LD_PRELOAD=$PYTHON_PRELOAD"} /usr/bin/python3 -B "$@"; }
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
add_executable(client_a $source/tests/clients/best_practices.c)
target_compile_definitions(client_a PRIVATE NRTA_NO_SYMBOL_VERSIONS)
target_link_libraries(client_a neuronsim::nrt_a)
add_executable(client_c $source/tests/clients/migrated.c)
target_compile_definitions(client_c PRIVATE NRTA_NO_SYMBOL_VERSIONS)
target_link_libraries(client_c neuronsim::nrt_c)
CMAKE
cmake -G Ninja -S "$scratch/client" -B "$scratch/client/build" -DCMAKE_PREFIX_PATH="$scratch/usr" >/dev/null
cmake --build "$scratch/client/build" >/dev/null

pc=$(dirname "$(find "$scratch/usr" -name neuronsim.pc)")
by_pkg_config() { # by_pkg_config PACKAGE PROGRAM
  local flags
  flags=$(PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$scratch/usr" --cflags --libs "$1")
  # shellcheck disable=SC2086
  cc ${CFLAGS:-} -DNRTA_NO_SYMBOL_VERSIONS "$source/tests/clients/$2.c" -o "$scratch/client/by_pkg_config_$2" $flags
}
by_pkg_config neuronsim-a async_example
by_pkg_config neuronsim-c migrated
flags=$(PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$scratch/usr" --cflags --libs neuronsim)
# shellcheck disable=SC2086
cc ${CFLAGS:-} "$source/tests/clients/async_example.c" -o "$scratch/client/by_pkg_config" $flags

nsim=$scratch/usr/bin/nsim
cp -r "$source/docs/example" "$scratch/example"
PATH=$scratch/usr/bin:$PATH
cmake -G Ninja -S "$scratch/example" -B "$scratch/example/build" -DCMAKE_PREFIX_PATH="$scratch/usr" >/dev/null
cmake --build "$scratch/example/build" >/dev/null
ctest --test-dir "$scratch/example/build" --output-on-failure
grep -q 'tests="4" failures="0"' "$scratch/example/build/simulated.xml"
"$nsim" pack "$(find "$scratch/usr" -name gemm_1024.toml)" --config trn1 -o "$scratch/gemm.neff"
"$build/bin/write_container" trn1 "$scratch/increment.neff"
for client in build/client by_pkg_config by_pkg_config_async_example; do
  "$nsim" exec --config trn1 -- "$scratch/client/$client" "$scratch/gemm.neff"
done
for client in build/client_a build/client_c by_pkg_config_migrated; do
  "$nsim" exec --config trn1 -- "$scratch/client/$client" "$scratch/increment.neff"
done

"$nsim" validate --rows C6 --rows D1 --rows E10

cat >"$scratch/kernel.py" <<'PYTHON'
import nki
import nki.language as nl
import numpy as np


@nki.jit
def twice(x):
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nl.store(out, nl.load(x) * 2.0)
    return out


print(nki.__file__)
if __name__ == "__main__":
    assert (twice(np.ones((128, 8), np.float32)) == 2).all()
PYTHON
unset NSIM_LIBRARY
(cd "$scratch" && env -u PYTHONPATH ${PYTHON_PRELOAD:+"LD_PRELOAD=$PYTHON_PRELOAD"} "$nsim" nki kernel.py:twice --arg x=128x8:f32 --config trn2 --check '2 * x') >"$scratch/said"
grep -x "$scratch/usr/share/neuronsim/python/nki/__init__.py" "$scratch/said"
grep 'result: passed' "$scratch/said"
export PYTHONPATH=$scratch/usr/share/neuronsim/python
python "$scratch/kernel.py"
"$nsim" exec --config trn1 --clock step --why --out "$scratch/recorded" -- "$scratch/client/build/client" "$scratch/gemm.neff"
"$nsim" why "$scratch/recorded" | grep 'only a run of nsim run or nsim nki can be repeated'

cat >"$scratch/study.cpp" <<CPP
#include <neuronsim/study.hpp>
#include <cstdio>
int main() {
  neuronsim::Config config("trn2");
  config.set("hbm.bandwidth", "1TB/s");
  std::puts(config.get("hbm.bandwidth").c_str());
}
CPP
mkdir "$scratch/study"
cat >"$scratch/study/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(study CXX)
find_package(neuronsim REQUIRED)
add_executable(study $scratch/study.cpp)
target_link_libraries(study neuronsim::study)
CMAKE
cmake -G Ninja -S "$scratch/study" -B "$scratch/study/build" -DCMAKE_PREFIX_PATH="$scratch/usr" >/dev/null
cmake --build "$scratch/study/build" >/dev/null
[ "$("$scratch/study/build/study")" = 1TB/s ]
python -c 'import neuronsim; print(neuronsim.Config("trn2")["hbm.bandwidth"])' | grep 716GB/s
