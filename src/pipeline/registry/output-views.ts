import { hasVisibleMark, MarkedFields, type VisibleMark } from "../../core/schema/marks/visible.ts";
import type { CompiledSchema } from "../../core/schema.ts";
import { ruleOfMark } from "../../operation/access/visible-to.ts";
import type { RolesByPermission, Rule } from "../../operation/access.ts";
import type { Actor } from "../../operation/actor.ts";

/** A field that only some callers get, and whom. */
export interface VisibleField {
  readonly path: string;
  readonly rules: readonly VisibleRule[];
}

/** Who gets the fields whose marks say the same. */
export interface VisibleRule {
  readonly marks: VisibleMark[];
  /** Of permissions, the roles that have them: filled in once the app is known. Until then no caller gets the field. */
  rule: Rule;
}

/** Who gets an output. */
export interface OutputCaller {
  readonly actor: Actor;
  /** What the tenant of the caller permits, where tenants decide that. */
  readonly permitted: RolesByPermission | undefined;
}

/** What of an output each caller gets. */
export class OutputViews {
  readonly fields: readonly VisibleField[];
  readonly rules: readonly VisibleRule[];
  readonly #marked: MarkedFields;

  constructor(marked: MarkedFields, rules: readonly VisibleRule[]) {
    this.#marked = marked;
    this.rules = rules;
    this.fields = marked.fields.map(({ path, marks }) => ({
      path,
      rules: rules.filter((rule) => rule.marks.some((mark) => marks.includes(mark))),
    }));
  }

  /** The output for one caller, as JSON: the same text where the caller may see all of it. `json`: that of the whole output. */
  jsonFor({ actor, permitted }: OutputCaller, json: string): string {
    const granting = this.rules.filter(({ rule }) => rule.allows(actor, permitted));
    if (granting.length === this.rules.length) return json;
    return JSON.stringify(this.#narrowed(json, new Set(granting.flatMap(({ marks }) => marks))));
  }

  /** What every caller may see of an output, as a value of its own. */
  common(json: string): unknown {
    return this.#narrowed(json, new Set());
  }

  #narrowed(json: string, granted: ReadonlySet<VisibleMark>): unknown {
    const value: unknown = JSON.parse(json);
    this.#marked.remove(value, granted);
    return value;
  }
}

/** Finds the fields of an output that only some callers get; undefined where there are none, which costs a request nothing. Reports what is wrong with them. */
export function compileViews({ outputJson }: CompiledSchema, problem: (message: string) => void): OutputViews | undefined {
  if (!hasVisibleMark(outputJson)) return undefined;
  const marked = new MarkedFields(outputJson);
  for (const message of new Set(marked.problems)) problem(message);
  const rules = new Map<string, VisibleRule>();
  for (const { path, marks } of marked.fields)
    for (const mark of marks) {
      const rule = ruleOfMark(mark);
      if (rule === undefined) problem(`The mark of ${path} names no role and no permission. Write visibleTo(role("…"), schema).`);
      else {
        const known = rules.get(rule.description) ?? { marks: [], rule };
        known.marks.push(mark);
        rules.set(rule.description, known);
      }
    }
  return new OutputViews(marked, [...rules.values()]);
}
