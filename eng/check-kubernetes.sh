#!/usr/bin/env bash
# Holds the manifests of deploy/kubernetes against the schemas of Kubernetes, Prometheus Operator and KEDA: values by their validators, names of
# fields by their types, in which a field that does not exist is an error. So too what deploy/README.md makes of the alerts. Needs kubectl (for
# kustomize), node and npm; the schemas come in npm packages of exact versions, into a folder that is deleted again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
packages=(kubernetes-models@5.1.0 @kubernetes-models/prometheus-operator@6.0.0 @kubernetes-models/keda@2.0.0 js-yaml@4.1.0 typescript@5.9.3)

say() { printf 'check-kubernetes: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

for program in kubectl node npm; do
    command -v "$program" >/dev/null || die "$program is not on the path"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --ignore-scripts --no-audit --no-fund --loglevel error "${packages[@]}" >npm.log 2>&1 || { tail -5 npm.log >&2; die "the schemas could not be fetched"; }
cp "$root/eng/check-kubernetes.mjs" .

for variant in base gpu; do
    kubectl kustomize "$root/deploy/kubernetes/$variant" >"$variant.yaml" || die "kustomize cannot build deploy/kubernetes/$variant"
done
kubectl kustomize "$root/deploy/grafana" >grafana.yaml || die "kustomize cannot build deploy/grafana"
"$root/deploy/kubernetes/prometheusrule.sh" >alerts.yaml
for file in base gpu grafana alerts; do
    node check-kubernetes.mjs "$file.yaml" "$file.ts" || die "$file is not valid"
    say "$file: $(grep -c '^kind:' "$file.yaml") objects"
done
node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext --target es2022 ./*.ts || die "a manifest has a field that its schema does not know"
say "all valid"
