/**
 * What reading a JSON body of one megabyte strictly costs, beside `JSON.parse`; and what refusing it costs where it holds more values than a body may.
 * Run: node --conditions=source bench/micro-json.ts
 */
import { parseJson } from "../src/core/json.ts";

const bytes = 1_048_576;

/** Repeats parts, each by its number, until there is a megabyte of them. */
function filled(open: string, part: (index: number) => unknown, close: string): string {
  const parts: string[] = [];
  for (let length = 0, index = 0; length < bytes; index++) {
    const made = part(index);
    parts.push(typeof made === "string" ? made : JSON.stringify(made));
    length += parts.at(-1)!.length + 1;
  }
  return open + parts.join() + close;
}

const row = (index: number) => ({ id: index, name: `item ${index}`, ok: true });
const bodies: Readonly<Record<string, string>> = {
  flat: filled("[", row, "]"),
  nested: filled("[", (index) => ({ a: { b: [{ c: { d: [index, { e: "x" }] } }] } }), "]"),
  strings: filled("[", (index) => JSON.stringify(`lorem ipsum dolor sit amet ${index} `.repeat(10)), "]"),
  colons: filled("[", () => ({ t: "a : b ".repeat(20) }), "]"),
  unicode: filled("[", () => ({ t: "日本語テキスト😀".repeat(5) }), "]"),
  escapes: filled("[", () => ({ t: 'line\n"q" \u0001'.repeat(10) }), "]"),
  numbers: filled("[", (index) => index * 1.37, "]"),
  keys: filled("{", (index) => `"key${index}":${index}`, "}"),
  "keys with backslashes": filled("{", (index) => `"k\\\\${index}":${index}`, "}"),
  "empty arrays": filled("[", () => [], "]"),
  "broken at the end": filled("[", row, ","),
  "a key twice at the end": filled("[", row, ',{"a":1,"a":2}]'),
};

/** The second best of many runs. *Units*: milliseconds. */
function time(call: () => unknown): number {
  const times = Array.from({ length: 25 }, () => {
    const start = performance.now();
    try {
      call();
    } catch {
      // A refusal is what is measured there.
    }
    return performance.now() - start;
  });
  return times.toSorted((a, b) => a - b)[1]!;
}

console.log("body                       JSON.parse   parseJson   ratio   with the default bound on values");
for (const [name, text] of Object.entries(bodies)) {
  const body = Buffer.from(text);
  const parse = time(() => JSON.parse(body.toString("utf8")));
  const strict = time(() => parseJson(body, { maxValues: Number.MAX_SAFE_INTEGER }));
  const bounded = time(() => parseJson(body));
  const columns = [parse, strict, strict / parse, bounded].map((value, at) =>
    value.toFixed(at === 2 ? 2 : 1).padStart([13, 12, 8, 8][at]!),
  );
  console.log(name.padEnd(24) + columns.join(""));
}
