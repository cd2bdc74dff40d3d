import { type Excess, excess } from "../../core/schema/difference/excess.ts";
import { fieldChanges } from "../../core/schema/difference/fields.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { Changes } from "../change.ts";

/** Two schemas of one thing, and how changes of it are named. */
export interface SchemaPair {
  readonly before: JsonSchema;
  readonly after: JsonSchema;
  /** As in `input`, for rules; and as in `orders.place input`, for what changed. */
  readonly rule: string;
  readonly where: string;
  /** Who is affected, as in `its callers`. */
  readonly who: string;
  /** What else could take a change that breaks. *Default*: an operation. */
  readonly beside?: string;
}

/** Compares what others send: it may accept more, and never less. */
export function compareSent(pair: SchemaPair, changes: Changes): void {
  const { before, after, rule, where, who, beside = "operation" } = pair;
  const [old, now] = [
    { schema: before, document: before },
    { schema: after, document: after },
  ];
  const fields = fieldChanges(old, now);
  for (const { what, path, name, required } of fields) {
    const at = `${where}${path}`;
    if (what === "removed")
      changes.breaks(`${rule}_field_removed`, at, {
        message: "The field is not read any more.",
        affects: `${who} who send it: it is ignored or refused`,
        fix: "Keep reading it, deprecated, until they have stopped.",
      });
    else if (what === "renamed")
      changes.breaks(`${rule}_field_renamed`, at, {
        message: `The field has the name ${name} now.`,
        affects: `${who} who send it under its earlier name`,
        fix: "Accept both names for a while, the earlier one deprecated.",
      });
    else if (required)
      changes.breaks(`${rule}_field_required`, at, {
        message: "The field is new and required.",
        affects: `all ${who}: none sends it yet`,
        fix: "Give it a default, or make it optional.",
      });
    else changes.harmless(`${rule}_field_added`, at, "The field is new and optional.");
  }
  const added = new Set(
    fields.filter(({ what }) => what !== "removed").map(({ what, path, name }) => (what === "added" ? path : replaceLast(path, name))),
  );
  for (const one of excess(old, now)) {
    if (one.keyword === "required" && added.has(one.path)) continue;
    const isRequired = one.keyword === "required";
    changes.breaks(isRequired ? `${rule}_field_required` : `${rule}_narrowed`, `${where}${one.path}`, {
      message: isRequired ? "The field was optional and is required now." : said(one, "It accepted", "and accepts"),
      affects: isRequired ? `${who} who leave it out` : `${who} who send what is refused now`,
      fix: isRequired
        ? "Keep it optional, with a default."
        : `Accept what was accepted, or put the change into another ${beside} beside this one.`,
    });
  }
  // What was read and is not any more is a change of its own; whatever else is accepted now breaks no caller.
  for (const one of excess(now, old))
    if (one.keyword !== "additionalProperties")
      changes.harmless(`${rule}_widened`, `${where}${one.path}`, said(one, "It accepts", "and accepted"));
}

/** Compares what others read: it may say more, and never less or something else. */
export function compareRead(pair: SchemaPair, changes: Changes): void {
  const { before, after, rule, where, who } = pair;
  const [old, now] = [
    { schema: before, document: before },
    { schema: after, document: after },
  ];
  const gone = new Set<string>();
  for (const { what, path, name } of fieldChanges(old, now)) {
    const at = `${where}${path}`;
    if (what === "added") changes.harmless(`${rule}_field_added`, at, "The field is new.");
    else gone.add(path);
    if (what === "removed")
      changes.breaks(`${rule}_field_removed`, at, {
        message: "The field is not there any more.",
        affects: `${who} who read it`,
        fix: "Keep it, deprecated, until they have stopped.",
      });
    if (what === "renamed")
      changes.breaks(`${rule}_field_renamed`, at, {
        message: `The field has the name ${name} now.`,
        affects: `${who} who read it under its earlier name`,
        fix: "Send both names for a while, the earlier one deprecated.",
      });
  }
  for (const one of excess(now, old)) {
    if (one.keyword === "additionalProperties" || (one.keyword === "required" && gone.has(one.path))) continue;
    const isRequired = one.keyword === "required";
    changes.breaks(isRequired ? `${rule}_field_optional` : `${rule}_widened`, `${where}${one.path}`, {
      message: isRequired ? "The field was always there and may be missing now." : said(one, "It may be", "and was"),
      affects: isRequired ? `${who} who rely on it` : `${who} who do not expect what is new`,
      fix: isRequired ? "Keep sending it." : "Send what was sent, and put what is new into a field or an operation of its own.",
    });
  }
  for (const one of excess(old, now))
    if (one.keyword !== "additionalProperties" && one.keyword !== "required")
      changes.harmless(`${rule}_narrowed`, `${where}${one.path}`, said(one, "It was", "and is"));
}

function said({ keyword, wider, narrower }: Excess, first: string, second: string): string {
  return `${keyword}: ${first} ${wider}, ${second} ${narrower}.`;
}

function replaceLast(path: string, name: string): string {
  return `${path.slice(0, path.lastIndexOf(".") + 1)}${name}`;
}
