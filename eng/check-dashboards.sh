#!/usr/bin/env bash
# Starts the demo, lets a Prometheus with deploy/prometheus/alerts.yml scrape it for a good minute, and then asks everything that the dashboards
# ask: the target is up, every rule evaluates, no query is empty, no alert fires. Needs prometheus, curl and jq. Two ports of 127.0.0.1.
# check-dashboards.sh [--port P] [--seconds N]: the worker on P (19464), Prometheus on P + 1.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
port=19464
seconds=80

say() { printf 'check-dashboards: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --port) port=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        *) die "there is no option '$1'; there are --port and --seconds" ;;
    esac
done
for program in prometheus curl jq; do
    command -v "$program" >/dev/null || die "$program is not on the path; Debian's package has the same name"
done

work=$(mktemp -d)
started=()
end() {
    for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done
    for id in "${started[@]}"; do wait "$id" 2>/dev/null || true; done
    rm -rf "$work"
}
trap end EXIT

# The demo's broker answers every call of a transaction with success, so what transactions tell is seen here too.
"$root/build.sh" demo --set "Operate:Url=http://127.0.0.1:$port" --set Settle:Delivery=ExactlyOnce >"$work/demo.log" 2>&1 &
started+=($!)
ready() { curl -sf -o "$work/answer" "$1"; }
wait_for() { # WHAT URL PID: until it answers, for two minutes at most, or its process ends
    local i
    for ((i = 0; i < 240; i++)); do
        if ready "$2"; then return; fi
        kill -0 "$3" 2>/dev/null || { tail -5 "$work"/*.log >&2; die "$1 ended"; }
        sleep 0.5
    done
    die "$1 does not answer at $2"
}
wait_for "the demo" "http://127.0.0.1:$port/health/ready" "${started[0]}"

# The configuration as it is, with this worker in the place of those that a name server finds.
cp "$root/deploy/prometheus/alerts.yml" "$work/"
sed '/^scrape_configs:/,$d' "$root/deploy/prometheus/prometheus.yml" >"$work/prometheus.yml"
printf 'scrape_configs:\n  - job_name: streamscorer\n    static_configs: [{ targets: ["127.0.0.1:%s"] }]\n' "$port" >>"$work/prometheus.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="127.0.0.1:$((port + 1))" >"$work/prometheus.log" 2>&1 &
started+=($!)
prometheus=http://127.0.0.1:$((port + 1))
wait_for Prometheus "$prometheus/-/ready" "${started[1]}"
say "Prometheus scrapes the demo; asking in $seconds s"
sleep "$seconds"
kill -0 "${started[0]}" 2>/dev/null || { tail -5 "$work/demo.log" >&2; die "the demo ended by itself"; }

# Series that have a number; NaN is none.
count() { curl -sfG "$prometheus/api/v1/query" --data-urlencode "query=$1" | jq '[.data.result[] | select(.value[1] != "NaN")] | length'; }
failures=0
fail() { say "$*"; failures=$((failures + 1)); }

[ "$(count 'up{job="streamscorer"} == 1')" = 1 ] || fail "the worker is not up"
rules=$(curl -sf "$prometheus/api/v1/rules")
jq -r '.data.groups[].rules[] | select(.health != "ok") | "\(.name): \(.health) \(.lastError // "")"' <<<"$rules" >"$work/rules"
while IFS= read -r rule; do fail "rule $rule"; done <"$work/rules"
while IFS= read -r alert; do fail "alert $alert fires in a demo"; done < <(jq -r '.data.groups[].rules[] | select(.state == "firing") | .name' <<<"$rules")

queries=0
for dashboard in "$root"/deploy/grafana/dashboards/*.json; do
    while IFS=$'\t' read -r title query; do
        queries=$((queries + 1))
        query=${query//\$__rate_interval/1m}; query=${query//\$job/.*}; query=${query//\$instance/.*}
        found=$(count "$query") || found=0
        printf '%4s series  %s: %s\n' "$found" "$(basename "$dashboard" .json)" "$title"
        [ "${found:-0}" -gt 0 ] || fail "nothing for '$title': $query"
    done < <(jq -r '(.panels[] | .title as $title | .targets[]? | [$title, .expr]),
        (.templating.list[] | ["$" + .name, (.query.query | capture("^label_values\\((?<query>.+), \\w+\\)$").query)]) | @tsv' "$dashboard" | sed 's/\\\\/\\/g')
done
say "up, $(jq '[.data.groups[].rules[]] | length' <<<"$rules") rules, $queries queries, $failures failures"
[ "$failures" = 0 ]
