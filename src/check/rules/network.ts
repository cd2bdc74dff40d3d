import type { Finding } from "../finding.ts";
import type { Declared } from "../project/operations.ts";
import type { Place } from "../project/project.ts";
import { nameOf, shortestWay } from "../project/reach.ts";
import type { Reference } from "../source/source-file.ts";
import type { Context } from "./context.ts";
import { networkGlobals } from "./packages.ts";

/** Kinds that run in one transaction as a whole. Of the others, what is passed to `commit(…)` does. */
// tidy-allow: a kind is here the name of a function in the text of a project, and no operation is there to ask.
const transactions: ReadonlySet<string> = new Set(["command", "query", "projection"]);

/** Finds ways from a transaction to the network: through functions, variables and files, however far. */
export function checkNetwork(context: Context): readonly Finding[] {
  return context.operations.all.flatMap((operation) => {
    const isWhole = transactions.has(operation.kind);
    const used = isWhole ? context.operations.property(operation, "uses") : undefined;
    const parts = operation.parts.flatMap((place) => {
      const references = isWhole ? place.declaration.references : place.declaration.commits;
      const found = checkPart({ operation, place, references }, context);
      return found === undefined ? [] : [found];
    });
    const uses = used && used.property.references.length > 0 ? used : undefined;
    return uses === undefined
      ? parts
      : [
          { ...findingAt(operation, uses.place, uses.property.line), what: `uses: ${nameOf(uses.property.references[0]!)}`, path: [] },
          ...parts,
        ];
  });
}

interface Part {
  readonly operation: Declared;
  readonly place: Place;
  readonly references: readonly Reference[];
}

function checkPart({ operation, place, references }: Part, { project, operations, reachesNetwork }: Context): Finding | undefined {
  const steps = shortestWay(
    { file: place.file, references },
    {
      project,
      stops: ({ file, declaration }) => operations.isDeclared(file, declaration),
      found(reference, { package: name, place: at }) {
        if (name !== undefined)
          return reachesNetwork(name) ? nameOf(reference) + (reference.specifier === undefined ? ` (${name})` : "") : undefined;
        if (at !== undefined) return undefined;
        if (networkGlobals.has(reference.name)) return reference.name;
        return reference.name === "globalThis" && networkGlobals.has(reference.member ?? "") ? nameOf(reference) : undefined;
      },
    },
  );
  if (steps === undefined) return undefined;
  return { ...findingAt(operation, place, steps[0]!.line), what: steps.at(-1)!.name, path: steps.length > 1 ? steps : [] };
}

function findingAt({ kind, name }: Declared, { file }: Place, line: number): Omit<Finding, "what" | "path"> {
  return { rule: "network-in-transaction", file: file.path, line, who: `${kind} ${name}` };
}
