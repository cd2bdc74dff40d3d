import type { Changes } from "../change.ts";
import { compareFields } from "./compare-fields.ts";
import type { DescribedGraphql, DescribedType } from "./description.ts";

interface TypeTerms {
  readonly changes: Changes;
  readonly renamed: ReadonlyMap<string, string>;
}

/** Compares the types that have names. One that is gone is not named by itself: the fields that had it are. */
export function compareTypes(before: DescribedGraphql, after: DescribedGraphql, { changes, renamed }: TypeTerms): void {
  const { read, sent } = usesOf(before);
  for (const [name, old] of Object.entries(before.types)) {
    const other = renamed.get(name);
    const now = after.types[other ?? name];
    if (other !== undefined)
      changes.breaks("graphql_type_renamed", name, {
        message: `The type has the name ${other} now.`,
        affects: "clients whose documents have fragments on it or variables of it, and code made for the type",
        fix: 'Keep its name: schema.meta({ id: "…" }).',
      });
    if (now === undefined) continue;
    if (old.form !== now.form)
      changes.breaks("graphql_type_form_changed", name, {
        message: `It was an ${old.form} and is an ${now.form}.`,
        affects: "clients whose documents ask for its fields or do not",
        fix: "Keep it, and give the other form a name of its own.",
      });
    else compareType(name, { old, now, isRead: read.has(name), isSent: sent.has(name) }, { changes, renamed });
  }
}

interface TypePair {
  readonly old: DescribedType;
  readonly now: DescribedType;
  readonly isRead: boolean;
  readonly isSent: boolean;
}

function compareType(name: string, { old, now, isRead, isSent }: TypePair, { changes, renamed }: TypeTerms): void {
  const pair = { where: name, before: old.fields ?? {}, after: now.fields ?? {} };
  compareFields(pair, { changes, renamed, side: old.form === "input" ? "input" : "read" });
  for (const value of differing(old.values, now.values)) {
    const where = `${name}.${value}`;
    if (!isSent) changes.harmless("graphql_value_removed", where, "The value is not sent any more.");
    else
      changes.breaks("graphql_value_removed", where, {
        message: "The value is gone.",
        affects: `clients that send ${value}: their documents are refused`,
        fix: "Keep taking it.",
      });
  }
  for (const value of differing(now.values, old.values)) {
    const where = `${name}.${value}`;
    if (!isRead) changes.harmless("graphql_value_added", where, "The value is new.");
    else
      changes.breaks("graphql_value_added", where, {
        message: "The value is new.",
        affects: "clients that do not expect it where they read it",
        fix: "Send what was sent, and put what is new into a field of its own.",
      });
  }
  const members = (old.members ?? []).map((member) => renamed.get(member) ?? member);
  for (const member of differing(members, now.members))
    changes.breaks("graphql_member_removed", `${name} ${member}`, {
      message: `${member} is not one of them any more.`,
      affects: `clients whose documents have a fragment on ${member}: the whole document is refused`,
      fix: "Keep it among them.",
    });
  for (const member of differing(now.members, members))
    changes.breaks("graphql_member_added", `${name} ${member}`, {
      message: `${member} is one of them now.`,
      affects: "clients that do not expect it: they get an object without fields",
      fix: "Bring it by a field of its own.",
    });
}

function differing(one: readonly string[] = [], other: readonly string[] = []): readonly string[] {
  return one.filter((each) => !other.includes(each));
}

/** The types that documents read, and those that they send. */
function usesOf({ roots, types }: DescribedGraphql): { readonly read: ReadonlySet<string>; readonly sent: ReadonlySet<string> } {
  const [read, sent] = [new Set<string>(), new Set<string>()];
  const take = (text: string, into: Set<string>): void => {
    const name = /\w+/.exec(text)?.[0] ?? "";
    const type = types[name];
    if (type === undefined || into.has(name)) return;
    into.add(name);
    for (const inner of [...Object.values(type.fields ?? {}), ...(type.members ?? [])]) take(inner, into);
  };
  for (const { type, arguments: given } of Object.values(roots)) {
    take(type, read);
    for (const argument of Object.values(given)) take(argument, sent);
  }
  return { read, sent };
}
