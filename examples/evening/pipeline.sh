#!/usr/bin/env bash
# From the changes of the evening's tables to documents, aggregates, alerts and latency figures:
#
#   cdc-tail mysql://cdc@localhost/millrace_demo --state run |
#     examples/evening/pipeline.sh http://localhost:9200 run
#
# The first argument is an Elasticsearch, or a folder that gets files of lines instead; the second the state directory,
# into which alerts.ndjson and latency.ndjson are written, too. Kill it anywhere, start it again with the same words, and
# it goes on where it was. The tools read '${VAR}' in a URL from the environment, for passwords.
set -uo pipefail
target=$1 state=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# sink NAME INDEX ID: writes the lines of stdin as documents
sink() {
  if [ -d "$target" ]; then
    cat >>"$target/$1.ndjson"
  else
    es-sink "$target" --name "$1" --index "$2" --id "$3" --state "$state"
  fi
}

rows() { sink rows '{source.db}-{source.table}' '{id}'; }

joins() {
  enrich -f "$here/joins-per-minute.sql" --name joins --state "$state" --final |
    sink joins_per_minute millrace_demo-joins_per_minute '{window_end}'
}

gateways() {
  enrich -f "$here/gateway-status.sql" --name gateways --state "$state" --final |
    sink gateway_status millrace_demo-gateway_status '{gateway}:{status}@{window_end}'
}

alerts() { alert-eval --rules "$here/rules" --state "$state" --out "$state/alerts.ndjson"; }

# The rows of the first snapshot have not just happened.
latency() { grep --line-buffered -v '"op":"r"' | latency-probe --every 1s --out "$state/latency.ndjson"; }

# The branches read named pipes and not bash's >(…), so that the end waits for them and knows their status.
pipes=$state/pipes
trap 'rm -rf "$pipes"' EXIT
rm -rf "$pipes" && mkdir -p "$pipes" || exit 1
branches=(rows joins gateways alerts latency)
pids=()
for branch in "${branches[@]}"; do
  mkfifo "$pipes/$branch"
  "$branch" <"$pipes/$branch" &
  pids+=($!)
done

# -i: Ctrl-C is for cdc-tail, which ends the stream in order.
tee -i "${branches[@]/#/$pipes/}" >/dev/null
status=0
for i in "${!pids[@]}"; do
  wait "${pids[i]}" || { status=1 && echo "pipeline: ${branches[i]} failed" >&2; }
done
exit "$status"
