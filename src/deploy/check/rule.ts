import type { Both } from "../../cli/language.ts";
import type { DeploymentShape } from "../shape.ts";
import { both, type Finding, type Placed } from "./placed.ts";

/** What the rules look at: all objects of one place, and what the app is known to need. */
export interface Cluster {
  readonly objects: readonly Placed[];
  readonly shape: DeploymentShape;
}

/** What a rule finds at one value. */
export interface Wrong {
  readonly at: Placed;
  readonly path?: readonly (string | number)[];
  readonly message: Both<string>;
}

/** One rule: its name, what to do about what it finds, and how it finds it. */
export interface Rule {
  readonly name: string;
  readonly fix: Both<string>;
  find(cluster: Cluster): Iterable<Wrong>;
}

/** Applies rules to the objects of one place. */
export function apply(rules: readonly Rule[], cluster: Cluster): readonly Finding[] {
  return rules.flatMap((rule) =>
    Array.from(rule.find(cluster), ({ at, path = [], message }) => ({
      ...{ rule: rule.name, file: at.file, line: at.line(...path) },
      ...{ message: both(`${at.kind} ${at.name}: ${message.en}`, `${at.kind} ${at.name}：${message.zh}`), fix: rule.fix },
    })),
  );
}

/** The objects of some kinds. */
export function ofKind({ objects }: Pick<Cluster, "objects">, ...kinds: readonly string[]): readonly Placed[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

/** Makes a rule that looks at each object of some kinds by itself. */
export function each(
  kinds: readonly string[],
  { name, fix }: Pick<Rule, "name" | "fix">,
  look: (object: Placed, cluster: Cluster) => Iterable<Omit<Wrong, "at">>,
): Rule {
  return {
    ...{ name, fix },
    *find(cluster) {
      for (const object of ofKind(cluster, ...kinds)) for (const wrong of look(object, cluster)) yield { at: object, ...wrong };
    },
  };
}
