import type { Changes } from "../change.ts";

/** Types by names, as they were and as they are. */
export interface FieldsPair {
  readonly where: string;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
}

/** How fields are compared. */
export interface FieldTerms {
  readonly changes: Changes;
  readonly renamed: ReadonlyMap<string, string>;
  /** Whether documents read them, or send them as arguments, or in an input. */
  readonly side: "read" | "argument" | "input";
}

/** Compares fields that documents read or send. What is read may never be null where it was not; what is sent may never be needed where it was not. */
export function compareFields({ where, before, after }: FieldsPair, { changes, renamed, side }: FieldTerms): void {
  const word = side === "argument" ? "argument" : "field";
  const rule = (what: string) => `graphql_${side === "input" ? "input_field" : word}_${what}`;
  const at = (name: string) => (name === "" ? where : `${where}.${name}`);
  const taken = new Set<string>();
  for (const [name, type] of Object.entries(before)) {
    const old = typed(type, renamed);
    const now = after[name];
    if (now !== undefined) compareOne({ at: at(name), old, now, rule, side }, changes);
    else {
      const other = successorOf(old, { before, after, taken });
      if (other !== undefined) taken.add(other);
      changes.breaks(rule(other === undefined ? "removed" : "renamed"), at(name), {
        message: other === undefined ? `The ${word} is gone.` : `The ${word} has the name ${other} now.`,
        affects: `clients whose documents ${side === "read" ? "ask for" : "send"} ${at(name)}: the whole document is refused`,
        fix: `Keep it beside the other until the documents of clients do not have it any more.`,
      });
    }
  }
  for (const [name, type] of Object.entries(after)) {
    if (before[name] !== undefined || taken.has(name)) continue;
    if (side !== "read" && type.endsWith("!"))
      changes.breaks(rule("required"), at(name), {
        message: `The ${word} is new and required.`,
        affects: "all clients: none sends it yet, and their documents are refused",
        fix: "Give it a default, or make it optional.",
      });
    else changes.harmless(rule("added"), at(name), `The ${word} is new${side === "read" ? "" : " and optional"}.`);
  }
}

interface One {
  readonly at: string;
  readonly old: string;
  readonly now: string;
  readonly rule: (what: string) => string;
  readonly side: FieldTerms["side"];
}

function compareOne({ at, old, now, rule, side }: One, changes: Changes): void {
  if (old === now) return;
  const said = `The type was ${old} and is ${now}.`;
  if (bare(old) !== bare(now))
    return changes.breaks(rule("type_changed"), at, {
      message: said,
      affects:
        side === "read"
          ? "clients that read it, and code made for the type"
          : "clients whose documents declare a variable of the earlier type",
      fix: "Keep it, and give the other type a name of its own.",
    });
  // What is read may become certain, and what is sent may become optional.
  if (side === "read" ? isStricter(now, old) : isStricter(old, now))
    return changes.harmless(rule(side === "read" ? "not_null" : "optional"), at, said);
  changes.breaks(rule(side === "read" ? "nullable" : "required"), at, {
    message: said,
    affects:
      side === "read" ? "clients that do not expect null" : "clients that leave it out or send null, also by a variable that may be null",
    fix: side === "read" ? "Keep bringing it, or put what may be missing into a field of its own." : "Keep it optional, with a default.",
  });
}

/** A type without what says that it is never null. */
function bare(type: string): string {
  return type.replaceAll("!", "");
}

/** Whether one type forbids null wherever another does, both of one bare type. */
function isStricter(one: string, other: string): boolean {
  const strict = marksOf(one);
  return marksOf(other).every((forbids, at) => !forbids || strict[at] === true);
}

/** Whether null is forbidden, from the outermost list to the innermost item. */
function marksOf(type: string): readonly boolean[] {
  const forbids = type.endsWith("!");
  const inner = forbids ? type.slice(0, -1) : type;
  return inner.startsWith("[") ? [forbids, ...marksOf(inner.slice(1, -1))] : [forbids];
}

function typed(type: string, renamed: ReadonlyMap<string, string>): string {
  return type.replace(/\w+/, (name) => renamed.get(name) ?? name);
}

/** A field of the same type that came where exactly one went. */
function successorOf(
  type: string,
  { before, after, taken }: Omit<FieldsPair, "where"> & { readonly taken: ReadonlySet<string> },
): string | undefined {
  const came = Object.keys(after).filter((name) => before[name] === undefined && after[name] === type && !taken.has(name));
  return came.length === 1 ? came[0] : undefined;
}
