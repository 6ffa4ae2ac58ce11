#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limits_test.sh CYCLES_STRESS: sessions under the limits of a process. With few descriptors they work; with too little
# address space, or an output folder that cannot be made, nrt_init says so and the process ends by itself.
set -euo pipefail
program=$1
export NEURON_RT_LOG_LEVEL=QUIET

(ulimit -n 32; "$program" --cycles 20)
"$program" --cycles 50 --signals

# refuses STATUS COMMAND...: the command ends with exit code 1 and names the status.
refuses() {
  local status=$1 text code=0
  shift
  text=$("$@" 2>&1) || code=$?
  if [ "$code" -ne 1 ] || ! grep -q "nrt_init: $status" <<<"$text"; then
    echo "expected exit code 1 and nrt_init: $status, got $code: $text"
    exit 1
  fi
}
little_memory() { ulimit -v 4000000; "$program" --cycles 2; }
no_folder() { NSIM_OUT=/proc/none/results "$program" --cycles 2; }
refuses NRT_RESOURCE little_memory
refuses NRT_INVALID no_folder
echo "limits: as documented"
