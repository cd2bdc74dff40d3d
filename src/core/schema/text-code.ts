import { escapeText, isPlainText } from "../json/quote.ts";
import { type AcceptCode, choose } from "./accept-code.ts";
import { quoted } from "./code.ts";
import { matchesPlainText } from "./patterns.ts";
import type { Field, Plan } from "./plan.ts";
import type { Check } from "./plan-checks.ts";
import { json } from "./run.ts";

type Of<K extends Plan["kind"]> = Plan & { readonly kind: K };

/** A constant text, or an expression that gives one. */
type Piece = { readonly text: string } | { readonly expression: string };

/** How the text of a value comes about: statements, then pieces to add up. `unsure` is an expression that may be undefined, where there is nothing to write. */
type Written = { readonly code: string; readonly pieces: readonly Piece[] } | { readonly code: string; readonly unsure: string };

/** The variable that gets a text, and what is put before it. */
interface Target {
  readonly text: string;
  readonly before?: readonly Piece[];
}

/** How many objects inside each other share one function; those deeper have their own. */
const inlineDepth = 3;

/**
 * Writes code that checks a value and writes its text in one go, without building the shaped value.
 * What adds up is kept in few pieces: each addition costs, and again when the text is sent.
 */
export class TextCode {
  readonly #accept: AcceptCode;
  readonly #isPlainText: string;
  readonly #escape: string;
  readonly #json: string;
  #depth = 0;

  constructor(accept: AcceptCode) {
    this.#accept = accept;
    this.#isPlainText = accept.code.value(isPlainText);
    this.#escape = accept.code.value(escapeText);
    this.#json = accept.code.value(json);
  }

  /** The name of a function from a value to its text, to undefined where it has none, or to `no`. */
  function(plan: Plan): string {
    return this.#accept.code.function(plan, "text", () => {
      const depth = this.#depth;
      this.#depth = 0;
      const body = this.#body(plan);
      this.#depth = depth;
      return body;
    });
  }

  #body(plan: Plan): string {
    if (plan.kind === "object" && isStreamed(plan)) return this.#object(plan);
    if (plan.kind === "array") return this.#array(plan);
    if (plan.kind === "union" || plan.kind === "discriminated") return choose(this.#accept, plan, (option) => this.function(option));
    return `let text;\n${this.#assign(plan, "input", { text: "text" })}\nreturn text;`;
  }

  #of(plan: Plan, variable: string): Written {
    const accept = (): string => this.#accept.into(plan, variable);
    const checks: readonly Check[] = plan.kind === "string" || plan.kind === "number" ? plan.checks : [];
    // After a check of Zod's a text may be anything.
    if (checks.some(({ kind }) => kind === "zod")) return this.#shaped(plan, variable);
    switch (plan.kind) {
      case "string": {
        const plain = checks.some((check) => check.kind === "pattern" && matchesPlainText(check.pattern));
        const escaped = plain ? "" : `if (!${this.#isPlainText}(${variable})) ${variable} = ${this.#escape}(${variable});\n`;
        return { code: accept() + escaped, pieces: [{ text: '"' }, { expression: variable }, { text: '"' }] };
      }
      case "number":
        return { code: accept(), pieces: [{ expression: `\`\${${variable}}\`` }] };
      case "boolean":
        return { code: accept(), pieces: [{ expression: `(${variable} ? "true" : "false")` }] };
      case "literal":
        return { code: accept(), pieces: this.#literal(plan, variable) };
      case "array":
        return this.#called(plan, variable, true);
      case "union":
      case "discriminated":
        return this.#called(plan, variable, false);
      case "object":
        if (!isStreamed(plan)) return this.#shaped(plan, variable);
        return (this.#depth < inlineDepth && this.#inline(plan, variable)) || this.#called(plan, variable, true);
      case "optional":
      case "nullable":
      case "default": {
        const text = this.#accept.code.name("t");
        const code = `let ${text};\n${this.#assign(plan, variable, { text })}`;
        const sure = plan.kind === "nullable" && isSure(plan.inner);
        return sure ? { code, pieces: [{ expression: text }] } : { code, unsure: text };
      }
      default:
        return this.#shaped(plan, variable);
    }
  }

  /** By way of the shaped value, where only that is what Zod would write. */
  #shaped(plan: Plan, variable: string): Written {
    return { code: this.#accept.into(plan, variable), unsure: `${this.#json}(${variable})` };
  }

  #called(plan: Plan, variable: string, sure: boolean): Written {
    const text = this.#accept.code.name("t");
    const code = `const ${text} = ${this.function(plan)}(${variable});${this.#accept.refuse(`${text} === ${this.#accept.no}`)}`;
    return sure ? { code, pieces: [{ expression: text }] } : { code, unsure: text };
  }

  /** Statements that give a variable the text of a value, or leave it undefined. */
  #assign(plan: Plan, variable: string, { text, before = [] }: Target): string {
    switch (plan.kind) {
      case "optional":
        return `if (${variable} !== undefined) {${this.#assign(plan.inner, variable, { text, before })}}\n`;
      case "nullable":
        return `if (${variable} === null) ${text} = ${sum([...before, { text: "null" }])}; else {${this.#assign(plan.inner, variable, { text, before })}}\n`;
      case "default": {
        if (!isWritten(plan.inner)) break;
        const substitute = this.#put({ code: "", unsure: `${this.#json}(${this.#accept.defaultOf(plan)})` }, text, before);
        return `if (${variable} === undefined) {${substitute}} else {${this.#assign(plan.inner, variable, { text, before })}}\n`;
      }
    }
    return this.#put(plan.kind === "default" ? this.#shaped(plan, variable) : this.#of(plan, variable), text, before);
  }

  #put(written: Written, text: string, before: readonly Piece[]): string {
    if ("pieces" in written) return `${written.code}${text} = ${sum([...before, ...written.pieces])};\n`;
    if (before.length === 0) return `${written.code}${text} = ${written.unsure};\n`;
    const part = this.#accept.code.name("t");
    const added = sum([...before, { expression: part }]);
    return `${written.code}const ${part} = ${written.unsure};\nif (${part} !== undefined) ${text} = ${added};\n`;
  }

  #literal({ values }: Of<"literal">, variable: string): readonly Piece[] {
    if (values.length === 1) return [{ text: JSON.stringify(values[0]) }];
    if (values.every((value) => typeof value !== "string")) return [{ expression: `\`\${${variable}}\`` }];
    const plain = values.every((value) => typeof value === "string" && JSON.stringify(value) === `"${value}"`);
    return plain ? [{ text: '"' }, { expression: variable }, { text: '"' }] : [{ expression: `${this.#json}(${variable})` }];
  }

  /** An object all of whose fields are always written, as pieces of the text around it; undefined where one may not be. */
  #inline({ fields, rest }: Of<"object">, variable: string): Written | undefined {
    if (!fields.every(({ plan, presence }) => presence === "required" && isSure(plan))) return undefined;
    this.#depth += 1;
    let code = this.#accept.isObject(variable);
    const pieces: Piece[] = [{ text: "{" }];
    for (const [index, field] of fields.entries()) {
      const value = this.#accept.code.name("v");
      const written = this.#of(field.plan, value);
      code += this.#accept.reading(field, { object: variable, variable: value }).code + written.code;
      pieces.push({ text: `${index === 0 ? "" : ","}${quoted(field.key)}:` }, ...("pieces" in written ? written.pieces : []));
    }
    this.#depth -= 1;
    return { code: code + this.#accept.rest(fields, { rest, object: variable }), pieces: [...pieces, { text: "}" }] };
  }

  #object(plan: Of<"object">): string {
    const inline = this.#inline(plan, "input");
    if (inline !== undefined && "pieces" in inline) return `${inline.code}return ${sum(inline.pieces)};`;
    const [first] = plan.fields;
    let comma = first !== undefined && isAlways(first);
    let text = `${this.#accept.isObject("input")}let text${comma ? "" : ' = "{"'};\n`;
    for (const field of plan.fields) {
      const variable = this.#accept.code.name("v");
      const { code, present } = this.#accept.reading(field, { object: "input", variable });
      const key = quoted(field.key);
      const start: Piece = field === first && comma ? { text: "{" } : { expression: "text" };
      const name: Piece =
        "text" in start
          ? { text: `${key}:` }
          : comma
            ? { text: `,${key}:` }
            : { expression: `(text === "{" ? ${quoted(`${key}:`)} : ${quoted(`,${key}:`)})` };
      const assign = this.#assign(field.plan, variable, { text: "text", before: [start, name] });
      text += code + (field.presence === "optional" && field.plan.kind !== "optional" ? `if (${present}) {${assign}}\n` : `{${assign}}\n`);
      comma ||= isAlways(field);
    }
    return `${text}${this.#accept.rest(plan.fields, { rest: plan.rest, object: "input" })}return text + "}";`;
  }

  #array(plan: Of<"array">): string {
    const accept = this.#accept;
    const item = this.#of(plan.element, "item");
    const pieces = "pieces" in item ? item.pieces : [{ expression: `(${item.unsure} ?? "null")` }];
    return `${accept.refuse("!Array.isArray(input)")}const { length } = input;
${accept.lengths(plan)}let text = "[";
for (let at = 0; at < length; at++) { let item = input[at]; ${item.code} text = at === 0 ? ${sum([{ text: "[" }, ...pieces])} : ${sum([{ expression: "text" }, { text: "," }, ...pieces])}; }
return text + "]";`;
  }
}

/** An expression for the sum of pieces, constants next to each other made one. */
function sum(pieces: readonly Piece[]): string {
  const terms: string[] = [];
  let constant = "";
  const flush = (): void => {
    if (constant !== "") terms.push(quoted(constant));
    constant = "";
  };
  for (const piece of pieces) {
    if ("text" in piece) constant += piece.text;
    else {
      flush();
      terms.push(piece.expression);
    }
  }
  flush();
  return terms.join(" + ");
}

/** Whether the shaped object holds the named keys and nothing by which `JSON.stringify` would write something else. */
function isStreamed({ fields, rest }: Of<"object">): boolean {
  return rest !== "keep" && fields.every(({ key }) => key !== "toJSON");
}

function isAlways({ plan, presence }: Field): boolean {
  return presence === "required" && isSure(plan);
}

/** Whether an accepted value always has a text. */
function isSure(plan: Plan): boolean {
  if (plan.kind === "nullable") return isSure(plan.inner);
  if (plan.kind === "object") return isStreamed(plan);
  return (plan.kind === "array" || isWritten(plan)) && plan.kind !== "record" && plan.kind !== "optional";
}

/** Whether the shaped value is never undefined where the value is not. */
function isWritten(plan: Plan): boolean {
  if (plan.kind === "nullable" || plan.kind === "optional") return isWritten(plan.inner);
  if (plan.kind === "string" || plan.kind === "number") return plan.checks.every(({ kind }) => kind !== "zod");
  return ["boolean", "literal", "object", "array", "record"].includes(plan.kind);
}
