import { environments } from "../environment.ts";
import type { DeploymentShape } from "../shape.ts";
import { checkDockerfile } from "./docker-rules.ts";
import { meshRules } from "./mesh-rules.ts";
import { networkRules } from "./network-rules.ts";
import { type Finding, readObjects } from "./placed.ts";
import { apply, type Rule } from "./rule.ts";
import { scalingRules } from "./scaling-rules.ts";
import { securityRules } from "./security-rules.ts";
import { workloadRules } from "./workload-rules.ts";

/** Every rule on the objects of Kubernetes. */
export const rules: readonly Rule[] = [...workloadRules, ...scalingRules, ...networkRules, ...meshRules, ...securityRules];

/**
 * Finds what cannot work in the files of a deployment: by the rules of Kubernetes, and by what the app's own budgets ask for. The files of each place are looked
 * at together; those of no place belong to one.
 * *Guarantees*: all findings at once, by file and line; the same files give the same findings.
 */
export function checkDeployment(files: ReadonlyMap<string, string>, shape: DeploymentShape): readonly Finding[] {
  const found: Finding[] = [];
  const places = new Map<string, Map<string, string>>();
  for (const [file, text] of files) {
    if (/(^|\/)Dockerfile[^/]*$/.test(file)) found.push(...checkDockerfile(file, text));
    if (!/\.ya?ml$/.test(file) || /(^|\/)(\.github|\.gitlab-ci\.yml|compose\.ya?ml)/.test(file)) continue;
    const place = environments.find((one) => file.includes(`/${one}/`)) ?? "";
    const group = places.get(place) ?? new Map<string, string>();
    places.set(place, group.set(file, text));
  }
  for (const group of places.values()) {
    const { objects, findings } = readObjects(group);
    found.push(...findings, ...apply(rules, { objects: objects.filter(({ kind }) => kind !== ""), shape }));
  }
  return found.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}
