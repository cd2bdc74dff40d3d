import { type Excess, excess } from "../../core/schema/difference/excess.ts";
import type { Changes } from "../change.ts";
import { compareAccess, compareDeprecation, compareFaults, compareIdempotency, compareTimes } from "../compare-terms.ts";
import { compareFields } from "./compare-fields.ts";
import { compareTypes } from "./compare-shapes.ts";
import type { DescribedGraphql, DescribedRoot } from "./description.ts";
import { renamedTypes } from "./renames.ts";

interface Context {
  readonly changes: Changes;
  readonly today: string;
}

/** Compares what an app serves over GraphQL. `today`: as in `2026-10-01`; what was announced to go may go after its day. */
export function compareGraphql(before: DescribedGraphql, after: DescribedGraphql, { changes, today }: Context): void {
  const renamed = renamedTypes(before, after);
  for (const [name, old] of Object.entries(before.roots)) {
    const now = after.roots[name];
    if (now === undefined) removed(name, old, { after, changes, today });
    else compareRoot(name, { old, now, renamed }, { changes, today });
  }
  for (const name of Object.keys(after.roots))
    if (before.roots[name] === undefined) changes.harmless("graphql_field_added", name, "The field is new.");
  compareTypes(before, after, { changes, renamed });
}

function removed(name: string, old: DescribedRoot, { after, changes, today }: Context & { readonly after: DescribedGraphql }): void {
  const { deprecated, operation } = old;
  if (deprecated !== undefined && today > deprecated.removeAfter)
    return changes.harmless("graphql_field_retired", name, `The field is gone, as was announced for after ${deprecated.removeAfter}.`);
  const other = Object.entries(after.roots).find(([, now]) => now.operation === operation)?.[0];
  const moved = other !== undefined && other.split(".")[0] !== name.split(".")[0];
  const field = name.slice(name.indexOf(".") + 1);
  changes.breaks(other === undefined ? "graphql_field_removed" : moved ? "graphql_field_moved" : "graphql_field_renamed", name, {
    message: other === undefined ? "The field is gone." : `The field is ${other} now.`,
    affects: `clients whose documents ask for ${name}: the whole document is refused`,
    fix:
      other === undefined || moved
        ? "Keep it with deprecated: { since, removeAfter, use }, and remove it after that day."
        : `Keep the name with graphql: "${field}".`,
  });
}

interface RootPair {
  readonly old: DescribedRoot;
  readonly now: DescribedRoot;
  readonly renamed: ReadonlyMap<string, string>;
}

function compareRoot(name: string, { old, now, renamed }: RootPair, { changes, today }: Context): void {
  const pair = { name, old, now, changes };
  compareAccess(pair);
  compareIdempotency(pair);
  compareTimes(pair);
  compareFaults(pair);
  compareDeprecation(pair, today);
  compareFields({ where: name, before: { "": old.type }, after: { "": now.type } }, { changes, renamed, side: "read" });
  compareFields({ where: name, before: old.arguments, after: now.arguments }, { changes, renamed, side: "argument" });
  compareBounds(name, { old, now }, changes);
}

/** What types of GraphQL say too: it is named there. */
const seenInTypes: ReadonlySet<string> = new Set(["type", "enum", "required", "additionalProperties", "option"]);

function compareBounds(name: string, { old, now }: Pick<RootPair, "old" | "now">, changes: Changes): void {
  const [was, is] = [old.input, now.input].map((schema) => ({ schema, document: schema })) as [Placed, Placed];
  // What has another type is named already, whatever its bounds are.
  const isBound = ({ path, keyword }: Excess) => {
    const argument = /\w+/.exec(path)?.[0] ?? "";
    return !seenInTypes.has(keyword) && named(old.arguments[argument]) === named(now.arguments[argument]);
  };
  for (const one of excess(was, is)) {
    const { path, keyword, wider, narrower } = one;
    if (isBound(one))
      changes.breaks("graphql_argument_narrowed", `${name}${path}`, {
        message: `${keyword}: It accepted ${wider}, and accepts ${narrower}.`,
        affects: "clients that send what is refused now",
        fix: "Accept what was accepted, or put the change into another operation beside this one.",
      });
  }
  for (const one of excess(is, was)) {
    const { path, keyword, wider, narrower } = one;
    if (isBound(one))
      changes.harmless("graphql_argument_widened", `${name}${path}`, `${keyword}: It accepts ${wider}, and accepted ${narrower}.`);
  }
}

function named(type: string | undefined): string | undefined {
  return type?.replaceAll(/[![\]]/g, "");
}

type Placed = Parameters<typeof excess>[0];
