// node check-kubernetes.mjs MANIFESTS.yaml TYPED.ts: validates every object, and writes them as TypeScript, for tsc to check the names of their fields.
import { readFileSync, writeFileSync } from "node:fs";
import { loadAll } from "js-yaml";

const packages = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator", "keda.sh": "@kubernetes-models/keda" };
const [, , manifests, typed] = process.argv;
const lines = [];
let faults = 0;
for (const [index, object] of loadAll(readFileSync(manifests, "utf8")).entries()) {
  const group = object.apiVersion.split("/")[0];
  const path = `${packages[group] ?? "kubernetes-models"}/${object.apiVersion}/${object.kind}`;
  try {
    const { [object.kind]: Model } = await import(path);
    new Model(object).validate();
  } catch (error) {
    faults++;
    console.error(`${object.kind} ${object.metadata.name}: ${error.message}`);
  }

  lines.push(`import type { I${object.kind} as Type${index} } from "${path}";`);
  lines.push(`export const object${index}: Type${index} = ${JSON.stringify(object, null, 1)};`);
}

writeFileSync(typed, lines.join("\n") + "\n");
process.exit(faults === 0 ? 0 : 1);
