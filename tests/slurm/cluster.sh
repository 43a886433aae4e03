#!/usr/bin/env bash
# A Slurm cluster of one node on the loopback of this machine, as root and without systemd.
#
#   cluster.sh start FOLDER CPUS    writes FOLDER/slurm.conf; users set SLURM_CONF to it
#   cluster.sh stop FOLDER
set -euo pipefail

folder=$(cd "$2" && pwd)
export SLURM_CONF=$folder/slurm.conf

start() {
  local host cpus=$1
  host=$(hostname -s)
  mkdir -p "$folder"/{munge,state,spool}
  chmod 711 "$folder" "$folder/munge"
  head -c 1024 /dev/urandom >"$folder/munge/key"
  chmod 400 "$folder/munge/key"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
  cat >"$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=26817
SlurmdPort=26818
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  slurmctld -i
  slurmd
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && return 0
    sleep 1
  done
  echo "the node did not come up: $(sinfo 2>&1 | tail -n 1)" >&2
  return 1
}

stop() {
  local file
  for file in slurmd.pid slurmctld.pid munge/pid; do
    [ ! -f "$folder/$file" ] || kill "$(cat "$folder/$file")" 2>/dev/null || true
  done
}

case $1 in
  start) start "$3" ;;
  stop) stop ;;
esac
