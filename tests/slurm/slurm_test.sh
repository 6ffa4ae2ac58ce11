#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# slurm_test.sh NSIM SOURCE: a Slurm cluster of this one node (Debian's slurm-wlm and munge; needs root) runs a sweep. In the
# middle of it the node fails and comes back: nothing may be lost, and the results must be those of a sweep without Slurm.
set -euo pipefail
nsim=$1
source=$2
scratch=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap cleanup EXIT

for program in munged slurmctld slurmd sbatch scontrol; do
  command -v "$program" >/dev/null || { echo "needs $program: apt-get install slurm-wlm munge"; exit 1; }
done

# Only for this test: its own key, sockets, ports and state.
port=$((20000 + $$ % 20000))
host=$(hostname -s)
mkdir -p "$scratch/munge" "$scratch/state" "$scratch/spool"
chmod 755 "$scratch"
dd if=/dev/urandom of="$scratch/munge/key" bs=1 count=1024 status=none
chmod 400 "$scratch/munge/key"
munged --force --foreground --key-file="$scratch/munge/key" --socket="$scratch/munge/socket" --pid-file="$scratch/munge/pid" \
  --log-file="$scratch/munge/log" --seed-file="$scratch/munge/seed" &
pids+=($!)
cat >"$scratch/slurm.conf" <<CONF
ClusterName=nsim
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=5
MailProg=/bin/true
SchedulerParameters=requeue_delay=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$scratch/slurm.conf
slurmctld -D &
pids+=($!)
start_node() {
  slurmd -D -N "$host" &
  node=$!
  pids+=("$node")
}
until_true() { # until_true SECONDS COMMAND...: tries once a second
  local left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "not within time: $*"; tail -n 20 "$scratch"/*.log; exit 1; }
    sleep 1
  done
}
node_is() { [ "$(sinfo -h -o %T -n "$host" | tr -d '*~#$@+-')" = "$1" ]; }
start_node
until_true 60 node_is idle

cat >"$scratch/sweep.toml" <<TOML
program = "$source/models/llama3_8b_prefill.toml"
config = "trn2"
requests = 40
[axes]
hbm.bandwidth = ["358GB/s", "716GB/s", "1432GB/s"]
device.dma_engines = [8, 16, 32]
TOML
"$nsim" sweep "$scratch/sweep.toml" -q -j2 --out "$scratch/local"
"$nsim" sweep "$scratch/sweep.toml" -q --executor slurm -j 2 --out "$scratch/cluster" &
sweep=$!
until_true 120 compgen -G "$scratch/cluster/points/*/run.json"

# The node fails: its daemon and the tasks on it are gone.
kill -9 "$node"
for pid in $(pgrep -f -- "--out $scratch/cluster/points"); do kill -9 "$pid" 2>/dev/null || true; done
scontrol update nodename="$host" state=down reason=failed
until_true 30 node_is down
start_node
scontrol update nodename="$host" state=resume
wait "$sweep"

for study in local cluster; do
  sqlite3 "$scratch/$study/sweep.sqlite" 'SELECT * FROM points ORDER BY id; SELECT * FROM results ORDER BY point, name' >"$scratch/$study.txt"
done
cmp "$scratch/local.txt" "$scratch/cluster.txt"
[ "$(sqlite3 "$scratch/cluster/sweep.sqlite" "SELECT count(*) FROM points WHERE state = 'done'")" = 9 ]
echo "9 points, the node failed in between, nothing lost"
