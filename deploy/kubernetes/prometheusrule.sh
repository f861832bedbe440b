#!/usr/bin/env bash
# The alerts as Prometheus Operator takes them: deploy/kubernetes/prometheusrule.sh | kubectl apply -n moderation -f -
set -euo pipefail
cat <<'TEXT'
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: streamscorer
spec:
TEXT
sed 's/^/  /' "$(dirname "${BASH_SOURCE[0]}")/../prometheus/alerts.yml"
