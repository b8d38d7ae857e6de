#!/usr/bin/env bash
# Runs the commands of the units in systemd/ in this terminal, until Ctrl-C or until one of them fails:
#
#   examples/kafka/pipeline.sh examples/kafka/pipeline.env run
#
# The first argument is a file with the variables of pipeline.env, the second a folder for state.
set -uo pipefail
variables=$1 state=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
units=(millrace-cdc-tail millrace-enrich@1 millrace-enrich@2 millrace-es-sink@1 millrace-alert-eval)

# Not read as a script: systemd takes what stands behind = as it is, too.
while IFS= read -r line; do
  case $line in '' | '#'*) ;; *) export "${line?}" ;; esac
done <"$variables"
export CONFIGURATION_DIRECTORY=$here

# exec_start UNIT: its command as bash would have it. $$ is systemd's $, %i the instance.
exec_start() {
  awk '/^ExecStart=/ { on = 1 } on { print; if (!/\\$/) exit }' "$here/systemd/${1/%@*/@}.service" |
    sed -e 's/^ExecStart=//' -e 's/\$\$/\\$/g' -e "s/%i/${1#*@}/g"
}

pids=()
trap 'kill "${pids[@]}" 2>/dev/null' TERM INT
for unit in "${units[@]}"; do
  mkdir -p "$state/$unit"
  (
    export STATE_DIRECTORY=$state/$unit
    eval "exec $(exec_start "$unit")"
  ) &
  pids+=($!)
done

status=0 left=${#pids[@]}
while ((left > 0)); do
  wait -n -p ended
  code=$?
  # A signal ends this wait, the tools when they have finished their work.
  [ -n "${ended:-}" ] || continue
  left=$((left - 1))
  ((code == 0)) || { status=$code && kill "${pids[@]}" 2>/dev/null; }
done
exit "$status"
