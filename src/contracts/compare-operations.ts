import type { Changes } from "./change.ts";
import { compareRoutes } from "./compare-routes.ts";
import { compareAccess, compareDeprecation, compareFaults, compareIdempotency, compareTimes } from "./compare-terms.ts";
import type { DescribedOperation } from "./description.ts";
import { compareRead, compareSent } from "./schema/compare-schemas.ts";

type Operations = Readonly<Record<string, DescribedOperation>>;

/** Compares the operations that HTTP serves. `today`: as in `2026-10-01`; what was announced to go may go after its day. */
export function compareOperations(
  before: Operations,
  after: Operations,
  { changes, today }: { readonly changes: Changes; readonly today: string },
): void {
  const moved = movedOf(before, after);
  for (const [name, old] of Object.entries(before)) {
    const now = after[moved.get(name) ?? name];
    if (now === undefined) {
      removed(name, old, { changes, today });
      continue;
    }
    if (moved.has(name))
      changes.harmless("operation_renamed", name, `The operation has the name ${moved.get(name)} now. Its route is the same.`);
    compareOne(name, { old, now }, { changes, today });
  }
  const taken = new Set(moved.values());
  for (const name of Object.keys(after))
    if (before[name] === undefined && !taken.has(name)) changes.harmless("operation_added", name, "The operation is new.");
}

/** Operations that have another name now, and the same route: callers of HTTP know only the route. */
function movedOf(before: Operations, after: Operations): ReadonlyMap<string, string> {
  const added = Object.entries(after).filter(([name]) => before[name] === undefined);
  return new Map(
    Object.entries(before).flatMap(([name, { route }]) => {
      const same = added.find(([, now]) => now.route.method === route.method && now.route.path === route.path);
      return after[name] !== undefined || same === undefined ? [] : [[name, same[0]] as const];
    }),
  );
}

function removed(
  name: string,
  { route, deprecated }: DescribedOperation,
  { changes, today }: { readonly changes: Changes; readonly today: string },
): void {
  if (deprecated !== undefined && today > deprecated.removeAfter) {
    changes.harmless("operation_retired", name, `The operation is gone, as was announced for after ${deprecated.removeAfter}.`);
    return;
  }
  changes.breaks("operation_removed", name, {
    message:
      deprecated === undefined
        ? "The operation is gone."
        : `The operation is gone, and was announced to stay until ${deprecated.removeAfter}.`,
    affects: `all callers of ${route.method} ${route.path}: they get 404 or 405`,
    fix:
      deprecated === undefined
        ? "Keep it with deprecated: { since, removeAfter, use }, and remove it after that day."
        : `Keep it until ${deprecated.removeAfter}.`,
  });
}

function compareOne(
  name: string,
  { old, now }: { readonly old: DescribedOperation; readonly now: DescribedOperation },
  { changes, today }: { readonly changes: Changes; readonly today: string },
): void {
  const pair = { name, old, now, changes };
  compareRoutes(pair);
  compareAccess(pair);
  compareIdempotency(pair);
  compareTimes(pair);
  compareFaults(pair);
  compareDeprecation(pair, today);
  if (old.stream !== now.stream)
    if (old.stream === "once" && now.stream === "resumed")
      changes.harmless("stream_resumed", name, "Items have ids now, by which a stream continues.");
    else
      changes.breaks("stream_changed", name, {
        message: `It ${saidOf(old.stream)}, and now it ${saidOf(now.stream)}.`,
        affects: "all its callers: they read the response in another form",
        fix: "Keep it, and give the other form an operation of its own.",
      });
  const of = (part: string) => ({ rule: part, where: `${name} ${part}` });
  compareSent({ before: old.input, after: now.input, ...of("input"), who: "callers" }, changes);
  compareRead({ before: old.output, after: now.output, ...of(old.stream === undefined ? "output" : "item"), who: "callers" }, changes);
  if (old.receives !== undefined && now.receives !== undefined)
    compareSent({ before: old.receives, after: now.receives, ...of("message"), who: "clients of the WebSocket" }, changes);
}

function saidOf(stream: string | undefined): string {
  if (stream === undefined) return "returns one output";
  if (stream === "socket") return "is a WebSocket";
  return stream === "resumed" ? "is a stream whose items have ids" : "is a stream whose items have no ids";
}
