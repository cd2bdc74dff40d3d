import { referencesIn } from "./references.ts";
import type { SecretField } from "./source-file.ts";
import type { Tokens } from "./tokens.ts";

const names =
  /(?:^|[a-z_])(?:[Pp]assword(?:Hash)?|[Pp]assphrase|[Ss]ecret|[Aa]pi_?[Kk]ey|(?:[Aa]ccess|[Rr]efresh|[Bb]earer|[Ss]ession|[Aa]uth)_?[Tt]oken|[Pp]rivate_?[Kk]ey|[Cc]ard_?[Nn]umber)$|^(?:token|cvv|cvc|cvv2|pin|otp|pan|ssn)$/;
const variables = /^[A-Z0-9_]*(?:PASSWORD|PASSPHRASE|SECRET|TOKEN|API_KEY|PRIVATE_KEY)$/;
/** Functions that are given the fields of a schema. */
const schemas = new Set(["object", "strictObject", "looseObject", "extend", "safeExtend", "interface"]);
/** Schemas that hold no text of a secret. */
const harmless = new Set(
  "boolean stringbool number int int32 bigint date iso enum literal null undefined never void object strictObject record file coerce".split(
    " ",
  ),
);

/** Finds the fields of schemas and the variables of configurations whose names say that they are secret. */
export function secretsIn(tokens: Tokens): SecretField[] {
  const { texts, kinds, mates } = tokens;
  const found: SecretField[] = [];
  for (let at = 0; kinds[at] !== "end"; at++) {
    if (texts[at] !== "{" || texts[at - 1] !== "(") continue;
    const callee = texts[at - 2]!;
    const isSchema = schemas.has(callee) && texts[at - 3] === ".";
    if (isSchema || (callee === "config" && texts[at - 3] !== "."))
      found.push(...fieldsIn(tokens, { open: at, close: mates[at] ?? at, isSecret: (name) => (isSchema ? names : variables).test(name) }));
  }
  return found;
}

interface Fields {
  readonly open: number;
  readonly close: number;
  readonly isSecret: (name: string) => boolean;
}

function fieldsIn(tokens: Tokens, { open, close, isSecret }: Fields): SecretField[] {
  const { texts, lines, mates } = tokens;
  const found: SecretField[] = [];
  for (let at = open + 1; at < close; ) {
    let end = at;
    while (end < close && texts[end] !== ",") end = (mates[end] ?? 0) > end ? mates[end]! + 1 : end + 1;
    const name = texts[at]!;
    if (isSecret(name)) {
      const start = texts[at + 1] === ":" ? at + 2 : at;
      const words = texts.slice(start, end);
      const marked = words.some((word, index) => word === "secret" && (words[index + 1] === "(" || words[index + 1] === ":"));
      const isHarmless = words[1] === "." && harmless.has(words[2] ?? "");
      found.push({ name, line: lines[at]!, isMarked: marked || isHarmless, references: referencesIn(tokens, { start, end }, new Set()) });
    }
    at = end + 1;
  }
  return found;
}

/** Forms of keys that nothing else has. *Source*: the documents of the services that issue them. */
const keys: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, "private key"],
  [/\bAKIA[0-9A-Z]{16}\b/, "AWS access key"],
  [/\b[rs]k_live_[0-9A-Za-z]{16,}/, "Stripe key"],
  [/\bgh[pousr]_[0-9A-Za-z]{36,}/, "GitHub token"],
  [/\bxox[abprs]-[0-9A-Za-z-]{20,}/, "Slack token"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/, "JSON Web Token"],
  [/\bpostgres(?:ql)?:\/\/[^\s:/@]+:[^\s:/@$]{3,}@(?!localhost|127\.)[\w.-]+\.\w+/, "password in an address"],
];

/** Finds keys and tokens that stand in the source. */
export function keysIn({ kinds, texts, lines }: Tokens): { readonly line: number; readonly what: string }[] {
  return texts.flatMap((text, at) => {
    if ((kinds[at] !== "string" && kinds[at] !== "template") || text.length < 20) return [];
    const key = keys.find(([form]) => form.test(text));
    return key === undefined ? [] : [{ line: lines[at]!, what: key[1] }];
  });
}
