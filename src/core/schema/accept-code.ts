import { type Code, quoted } from "./code.ts";
import { isUuid, isUuidPattern } from "./patterns.ts";
import type { Field, Plan, Primitive } from "./plan.ts";
import type { Check } from "./plan-checks.ts";
import { defaultOf, isPlain, no, points, runCheck, runZod } from "./run.ts";

type Of<K extends Plan["kind"]> = Plan & { readonly kind: K };

const ofText: ReadonlySet<Check["kind"]> = new Set(["length", "pattern", "affix"]);

/**
 * Writes code that accepts values: it gives the shaped value, or `no`.
 * A `no` need not be right, an acceptance is.
 */
export class AcceptCode {
  readonly code: Code;
  readonly no: string;
  readonly #points: string;
  readonly #runCheck: string;
  readonly #runZod: string;
  readonly #isPlain: string;
  readonly #defaultOf: string;

  constructor(code: Code) {
    this.code = code;
    this.no = code.value(no);
    this.#points = code.value(points);
    this.#runCheck = code.value(runCheck);
    this.#runZod = code.value(runZod);
    this.#isPlain = code.value(isPlain);
    this.#defaultOf = code.value(defaultOf);
  }

  /** The name of a function from a value to the shaped value or `no`. */
  function(plan: Plan): string {
    return this.code.function(plan, "accept", () => {
      if (plan.kind === "object") return this.#object(plan);
      if (plan.kind === "array") return this.#array(plan);
      if (plan.kind === "record") return this.#record(plan);
      if (plan.kind === "union" || plan.kind === "discriminated") return choose(this, plan, (option) => this.function(option));
      return `${this.into(plan, "input")}\nreturn input;`;
    });
  }

  /** Statements that put the shaped value instead of the value of a variable, or leave the function with `no`. */
  into(plan: Plan, variable: string): string {
    switch (plan.kind) {
      case "any":
        return "";
      case "string":
        return this.refuse(`typeof ${variable} !== "string"`) + this.checks(plan.checks, variable);
      case "number": {
        const integer = plan.checks[0]?.kind === "integer";
        return (integer ? "" : this.refuse(`!Number.isFinite(${variable})`)) + this.checks(plan.checks, variable);
      }
      case "boolean":
        return this.refuse(`${variable} !== true && ${variable} !== false`);
      case "literal":
        return this.refuse(
          plan.values.length > 12 ? `!${this.code.value(new Set(plan.values))}.has(${variable})` : `!(${equals(variable, plan.values)})`,
        );
      case "optional":
        return `if (${variable} !== undefined) {${this.into(plan.inner, variable)}}`;
      case "nullable":
        return `if (${variable} !== null) {${this.into(plan.inner, variable)}}`;
      case "default": {
        const substitute = `if (${variable} === undefined) ${variable} = ${this.defaultOf(plan)};`;
        return `${substitute} else {${this.into(plan.inner, variable)} ${substitute}}`;
      }
      case "checked":
        return this.into(plan.inner, variable) + this.checks(plan.checks, variable);
      case "zod":
        return `${variable} = ${this.#runZod}(${this.code.value(plan.schema)}, ${variable});${this.refuse(`${variable} === ${this.no}`)}`;
      default:
        return `${variable} = ${this.function(plan)}(${variable});${this.refuse(`${variable} === ${this.no}`)}`;
    }
  }

  refuse(condition: string): string {
    return `if (${condition}) return ${this.no};\n`;
  }

  defaultOf({ def }: Of<"default">): string {
    return `${this.#defaultOf}(${this.code.value(def)})`;
  }

  checks(checks: readonly Check[], variable: string): string {
    // A check of Zod may change the type of the value. Checks after it first test the type, and leave any other to Zod.
    let text = "";
    let changed = false;
    for (const check of checks) {
      if (changed && check.kind !== "zod") text += this.refuse(`typeof ${variable} !== "${ofText.has(check.kind) ? "string" : "number"}"`);
      changed = check.kind === "zod";
      text += this.#check(check, variable);
    }
    return text;
  }

  #check(check: Check, variable: string): string {
    switch (check.kind) {
      case "length":
        return this.#length(check.least, check.most, variable);
      case "pattern": {
        const pattern = this.code.value(check.pattern);
        const reset = check.pattern.global || check.pattern.sticky ? `${pattern}.lastIndex = 0;` : "";
        const quick = isUuidPattern(check.pattern) ? `${this.code.value(isUuid)}(${variable}) || ` : "";
        return reset + this.refuse(`!(${quick}${pattern}.test(${variable}))`);
      }
      case "affix":
        return this.refuse(`!${variable}.${check.method}(${quoted(check.text)})`);
      case "range":
        return this.refuse(`!(${variable} ${check.operator} ${check.bound})`);
      case "integer": {
        const safe = check.least === Number.MIN_SAFE_INTEGER;
        return this.refuse(
          safe
            ? `!Number.isSafeInteger(${variable})`
            : `!Number.isInteger(${variable}) || ${variable} < ${check.least} || ${variable} > ${check.most}`,
        );
      }
      case "multiple":
        return `if (${variable} % ${check.divisor} !== 0) {${this.#ask(check.check, variable)}}`;
      case "zod":
        return this.#ask(check.check, variable);
    }
  }

  #ask(check: Extract<Check, { readonly kind: "zod" }>["check"], variable: string): string {
    return `${variable} = ${this.#runCheck}(${this.code.value(check)}, ${variable});${this.refuse(`${variable} === ${this.no}`)}`;
  }

  /** A code point is one or two units, so that most texts need no counting. */
  #length(least: number, most: number, variable: string): string {
    const length = `${variable}.length`;
    let text = "";
    if (least === 1) text += this.refuse(`${length} === 0`);
    else if (least > 1) text += this.refuse(`${length} < ${2 * least} && ${this.#points}(${variable}) < ${least}`);
    if (most < Number.POSITIVE_INFINITY) text += this.refuse(`${length} > ${most} && ${this.#points}(${variable}) > ${most}`);
    return text;
  }

  #object({ fields, rest }: Of<"object">): string {
    let text = this.isObject("input");
    let literal = "";
    let later = "";
    for (const field of fields) {
      const variable = this.code.name("v");
      const { code, assigned } = this.#field(field, variable);
      text += code;
      const key = quoted(field.key);
      if (later === "" && assigned === "always") literal += `${key}: ${variable},`;
      else later += assigned === "always" ? `out[${key}] = ${variable};\n` : `if (${assigned}) out[${key}] = ${variable};\n`;
    }
    text += this.rest(fields, { rest, object: "input" });
    const keep =
      rest === "keep" ? `for (const key in input) if (${this.#unnamed(fields)} && key !== "__proto__") out[key] = input[key];\n` : "";
    return later === "" && keep === "" ? `${text}return {${literal}};` : `${text}const out = {${literal}};\n${later}${keep}return out;`;
  }

  isObject(variable: string): string {
    return this.refuse(`typeof ${variable} !== "object" || ${variable} === null || Array.isArray(${variable})`);
  }

  /** Accepts one field into a variable. `assigned` says when the shaped object has it. */
  #field(field: Field, variable: string): { readonly code: string; readonly assigned: string } {
    const { code, present } = this.reading(field, { object: "input", variable });
    const accept = this.into(field.plan, variable);
    if (field.presence === "optional") return { code: `${code}if (${present}) {${accept}}\n`, assigned: present };
    const always = field.presence === "required" || field.presence === "defaulted";
    return { code: code + accept, assigned: always ? "always" : `${variable} !== undefined || ${present}` };
  }

  /** Reads one field of an object into a variable, and says whether it is there into another where that matters. */
  reading(
    { key, plan, presence }: Field,
    { object, variable }: { readonly object: string; readonly variable: string },
  ): { readonly code: string; readonly present: string } {
    const read = `let ${variable} = ${object}[${quoted(key)}];\n`;
    const present = `${variable}_in`;
    if (presence === "defaulted") return { code: read, present };
    if (presence !== "required")
      return { code: `${read}const ${present} = ${variable} !== undefined || ${quoted(key)} in ${object};\n`, present };
    return {
      code: read + (mayAcceptUndefined(plan) ? this.refuse(`${variable} === undefined && !(${quoted(key)} in ${object})`) : ""),
      present,
    };
  }

  /** What the keys that the schema does not name mean. */
  rest(fields: readonly Field[], { rest, object }: { readonly rest: Of<"object">["rest"]; readonly object: string }): string {
    return rest === "refuse" ? `for (const key in ${object}) ${this.refuse(this.#unnamed(fields))}` : "";
  }

  #unnamed(fields: readonly Field[]): string {
    const keys = fields.map(({ key }) => key);
    return keys.length > 8 ? `!${this.code.value(new Set(keys))}.has(key)` : `!(${equals("key", keys)})`;
  }

  lengths({ least, most }: Of<"array">): string {
    const short = least > 0 ? this.refuse(`length < ${least}`) : "";
    return short + (most < Number.POSITIVE_INFINITY ? this.refuse(`length > ${most}`) : "");
  }

  #array(plan: Of<"array">): string {
    return `${this.refuse("!Array.isArray(input)")}const { length } = input;
${this.lengths(plan)}const out = new Array(length);
for (let at = 0; at < length; at++) { let item = input[at]; ${this.into(plan.element, "item")} out[at] = item; }
return out;`;
  }

  #record({ keys, values }: Of<"record">): string {
    return `${this.refuse(`!${this.#isPlain}(input)`)}const out = {};
for (const key of Object.keys(input)) { if (key === "__proto__") continue; ${this.into(keys, "key")} let item = input[key]; ${this.into(values, "item")} out[key] = item; }
return out;`;
  }
}

/** Writes the choice between options: the first that accepts, as long as the refusals before it are surely right. */
export function choose(accept: AcceptCode, plan: Of<"union"> | Of<"discriminated">, call: (option: Plan) => string): string {
  if (plan.kind === "discriminated") {
    const cases = plan.options.map(
      ([values, option]) => `${values.map((value) => `case ${source(value)}: `).join("")}return ${call(option)}(input);`,
    );
    return `${accept.isObject("input")}switch (input[${quoted(plan.key)}]) {\n${cases.join("\n")}\ndefault: return ${accept.no};\n}`;
  }
  const tries = plan.options.map((option) => {
    const whenAccepted = isExact(option) ? `if (out !== ${accept.no}) ` : "";
    return `if (${guard(option, "input")}) { const out = ${call(option)}(input); ${whenAccepted}return out; }`;
  });
  return `${tries.join("\n")}\nreturn ${accept.no};`;
}

/** What must be true of a value that the plan accepts. */
function guard(plan: Plan, value: string): string {
  switch (plan.kind) {
    case "string":
    case "number":
    case "boolean":
      return `typeof ${value} === "${plan.kind}"`;
    case "array":
      return `Array.isArray(${value})`;
    case "object": {
      const tags = plan.fields.filter(({ plan: { kind }, presence }) => kind === "literal" && presence === "required");
      const tagged = tags.map(({ key, plan: tag }) => ` && (${equals(`${value}[${quoted(key)}]`, (tag as Of<"literal">).values)})`);
      return `typeof ${value} === "object" && ${value} !== null${tagged.join("")}`;
    }
    case "record":
      return `typeof ${value} === "object" && ${value} !== null`;
    case "optional":
    case "default":
      return `(${value} === undefined || ${guard(plan.inner, value)})`;
    case "nullable":
      return `(${value} === null || ${guard(plan.inner, value)})`;
    case "checked":
      return guard(plan.inner, value);
    default:
      return "true";
  }
}

/** Whether a refusal is surely Zod's own. */
function isExact(plan: Plan): boolean {
  switch (plan.kind) {
    case "string":
    case "number":
      return plan.checks.every(({ kind }) => kind !== "length");
    case "object":
      return plan.fields.every((field) => isExact(field.plan) && field.presence !== "defaulted-optional");
    case "array":
      return plan.least === 0 && plan.most === Number.POSITIVE_INFINITY && isExact(plan.element);
    case "optional":
    case "nullable":
    case "default":
    case "checked":
      return isExact(plan.inner);
    case "union":
      return plan.options.every(isExact);
    case "record":
    case "discriminated":
      return false;
    default:
      return true;
  }
}

function mayAcceptUndefined(plan: Plan): boolean {
  if (plan.kind === "nullable" || plan.kind === "checked") return mayAcceptUndefined(plan.inner);
  return !["string", "number", "boolean", "literal", "object", "array", "record", "discriminated"].includes(plan.kind);
}

function equals(value: string, list: readonly Primitive[]): string {
  return list.length === 0 ? "false" : list.map((one) => `${value} === ${source(one)}`).join(" || ");
}

function source(value: Primitive): string {
  return JSON.stringify(value);
}
