import type { Changes } from "./change.ts";
import { compareAccess, compareDeprecation, compareFaults, compareIdempotency, compareTimes } from "./compare-terms.ts";
import type { DescribedTool } from "./description.ts";
import { compareRead, compareSent } from "./schema/compare-schemas.ts";

type Tools = Readonly<Record<string, DescribedTool>>;

interface Context {
  readonly changes: Changes;
  readonly today: string;
}

interface ToolPair {
  readonly name: string;
  readonly old: DescribedTool;
  readonly now: DescribedTool;
  readonly changes: Changes;
}

/** Hints with the value at which clients ask a person less, and what they do by it. */
const easier: Readonly<Record<string, readonly [value: boolean, does: string]>> = {
  readOnlyHint: [true, "clients that run what only reads without asking a person"],
  destructiveHint: [false, "clients that ask a person only before what destroys"],
  idempotentHint: [true, "clients that call again after a failure: it takes effect twice"],
  openWorldHint: [false, "clients that trust what reaches nothing outside"],
};

/** Compares the operations that are tools. `today`: as in `2026-10-01`; what was announced to go may go after its day. */
export function compareTools(before: Tools, after: Tools, context: Context): void {
  const { changes } = context;
  for (const [name, old] of Object.entries(before)) {
    const now = after[name];
    if (now === undefined) removed(name, old, { after, ...context });
    else compareOne({ name, old, now, changes }, context.today);
  }
  for (const name of Object.keys(after)) if (before[name] === undefined) changes.harmless("tool_added", name, "It is new.");
}

function removed(
  name: string,
  { operation, deprecated }: DescribedTool,
  { after, changes, today }: Context & { readonly after: Tools },
): void {
  if (deprecated !== undefined && today > deprecated.removeAfter)
    return changes.harmless("tool_retired", name, `It is gone, as was announced for after ${deprecated.removeAfter}.`);
  const renamed = Object.entries(after).find(([, tool]) => tool.operation === operation)?.[0];
  changes.breaks(renamed === undefined ? "tool_removed" : "tool_renamed", name, {
    message: renamed === undefined ? "It is gone." : `It has the name ${renamed} now.`,
    affects: `agents and instructions that name ${name}: there is nothing of that name`,
    fix:
      renamed === undefined
        ? "Keep it with deprecated: { since, removeAfter, use }, and remove it after that day."
        : `Keep the name with mcp: { ${name.startsWith("prompt ") ? "prompt" : "tool"}: "${name.replace(/^prompt /, "")}" }.`,
  });
}

function compareOne(pair: ToolPair, today: string): void {
  const { name, old, now, changes } = pair;
  compareAccess(pair);
  compareIdempotency(pair);
  compareTimes(pair);
  compareFaults(pair);
  compareDeprecation(pair, today);
  compareHints(pair);
  compareConfirmation(pair);
  compareNeeds(pair);
  compareResource(pair);
  compareSent({ before: old.input, after: now.input, rule: "input", where: `${name} input`, who: "agents" }, changes);
  if (old.output !== undefined && now.output !== undefined)
    compareRead({ before: old.output, after: now.output, rule: "output", where: `${name} output`, who: "clients" }, changes);
  else if (old.output !== undefined)
    changes.breaks("tool_output_removed", name, {
      message: "The tool returned a value, and now it returns only text.",
      affects: "clients that read structuredContent",
      fix: "Keep the output an object.",
    });
  else if (now.output !== undefined) changes.harmless("tool_output_added", name, "The tool returns a value beside its text.");
}

function compareHints({ name, old, now, changes }: ToolPair): void {
  for (const [hint, [value, does]] of Object.entries(easier)) {
    const [was, is] = [old.hints[hint], now.hints[hint]];
    if (was === is) continue;
    if (is === value) changes.harmless("hint_eased", `${name} ${hint}`, `It was ${was} and is ${is}: clients ask a person less.`);
    else
      changes.breaks("hint_changed", `${name} ${hint}`, {
        message: `It was ${was} and is ${is}.`,
        affects: does,
        fix: "Give what does more a tool of its own.",
      });
  }
}

function compareConfirmation({ name, old, now, changes }: ToolPair): void {
  if (old.confirms === now.confirms) return;
  if (old.confirms === true) return changes.harmless("confirmation_removed", name, "A person does not confirm its calls any more.");
  changes.breaks("confirmation_added", name, {
    message: "A person has to confirm each call.",
    affects: "clients that cannot ask a person, and agents without one: their calls are refused",
    fix: "Keep it, and put what needs a person into a tool beside it.",
  });
}

function compareNeeds({ name, old, now, changes }: ToolPair): void {
  const [was, is] = [old.needs ?? [], now.needs ?? []];
  for (const one of was.filter((need) => !is.includes(need)))
    changes.harmless("need_removed", `${name} ${one}`, "Its client need not be able to be asked for that any more.");
  for (const one of is.filter((need) => !was.includes(need)))
    changes.breaks("need_added", `${name} ${one}`, {
      message: `Its client is asked for input, and must declare ${one}.`,
      affects: "clients that cannot be asked for it, where agents do not send the fields: their calls are refused",
      fix: "Keep a default for the fields, or put what asks into a tool beside it.",
    });
}

function compareResource({ name, old, now, changes }: ToolPair): void {
  if (old.resource === now.resource) return;
  if (old.resource === undefined) return changes.harmless("resource_added", name, `It is a resource too, at ${now.resource}.`);
  changes.breaks("resource_changed", name, {
    message:
      now.resource === undefined
        ? `There is not a resource at ${old.resource} any more.`
        : `The resource was at ${old.resource} and is at ${now.resource}.`,
    affects: `clients that read ${old.resource}: they find nothing there`,
    fix: "Keep the address, and give the other one a query of its own.",
  });
}
