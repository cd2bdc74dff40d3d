// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { Rule } from "./problem.ts";

/** A tiny tree with one fault in one of its files, and how it must be reported. */
export interface Planted {
  readonly rule: Rule;
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly fix: RegExp;
  /** The rest of the tree, in which nothing is wrong. */
  readonly beside?: Readonly<Record<string, string>>;
}

const lines = (count: number) => `${Array.from({ length: count }, () => "// a line").join("\n")}\n`;
const door = { "src/http/index.ts": 'export { serve } from "./server.ts";\n', "src/http/server.ts": "export const serve = 1;\n" };
const machine = ["", "work", "main"].join("/");

const houseOrder: readonly Planted[] = [
  { rule: "layer", file: "src/core/a.ts", line: 2, text: '\nimport { b } from "../resilience/b.ts";\n', fix: /Move what it needs down/ },
  { rule: "layer", file: "src/core/a.ts", line: 1, text: 'import type { B } from "../app/b.ts";\n', fix: /port/ },
  { rule: "layer", file: "src/operation/a.ts", line: 1, text: 'export { b } from "../http/b.ts";\n', fix: /stands above it/ },
  { rule: "layer", file: "src/operation/a.ts", line: 1, text: 'const b = await import("../postgres/b.ts");\n', fix: /stands above it/ },
  { rule: "layer", file: "src/core/a.ts", line: 1, text: 'export type B = import("../app/b.ts").B;\n', fix: /stands above it/ },
  { rule: "layer", file: "src/app/a.ts", line: 1, text: 'import "../testing/b.ts";\n', fix: /stands above it/ },
  {
    rule: "layer",
    file: "src/core/deep/a.ts",
    line: 3,
    text: 'import {\n  b,\n} from "../b.ts";\nimport { c } from "../../app/c.ts";\n'.replace("{\n  b,\n}", "{ b,\n }"),
    fix: /app/,
  },
  {
    rule: "layer",
    file: "src/http/index.ts",
    line: 1,
    text: 'import { b } from "../testing/b.ts";\nexport const c = b;\n',
    fix: /stands above it/,
  },
  { rule: "layer", file: "src/attic/a.ts", line: 1, text: 'import { b } from "../core/b.ts";\n', fix: /lies in no layer\. Move it/ },
  { rule: "layer", file: "src/core/a.ts", line: 1, text: 'import { b } from "../../test/b.ts";\n', fix: /Move what it needs into src/ },
  {
    rule: "edges-meet",
    file: "src/http/a.ts",
    line: 1,
    text: 'import type { B } from "../postgres/b.ts";\n',
    fix: /Move what both need down/,
  },
  {
    rule: "front-door",
    file: "src/cli/a.ts",
    line: 1,
    text: 'import { serve } from "../http/index.ts";\n',
    fix: /Import the file/,
    beside: door,
  },
  { rule: "front-door", file: "src/app/a.ts", line: 1, text: 'import { fault } from "plimsoll";\n', fix: /Import the file/ },
  {
    rule: "front-door",
    file: "examples/01.ts",
    line: 1,
    text: 'import { fault } from "../src/core/fault.ts";\n',
    fix: /Import "plimsoll"/,
  },
  { rule: "barrel", file: "src/core/index.ts", line: 1, text: 'export { a } from "./a.ts";\n', fix: /delete it/ },
  { rule: "barrel", file: "src/http/deep/index.ts", line: 1, text: 'export { a } from "./a.ts";\n', fix: /delete it/ },
  { rule: "barrel", file: "src/index.ts", line: 1, text: 'export * from "./core/a.ts";\n', fix: /List the names/ },
  {
    rule: "cycle",
    file: "src/core/b.ts",
    line: 2,
    text: '// the ring closes here\nimport { type A, a } from "./a.ts";\nexport const b = a;\n',
    beside: { "src/core/a.ts": 'import { b } from "./b.ts";\n' },
    fix: /src\/core\/a\.ts -> src\/core\/b\.ts -> src\/core\/a\.ts.*Move what they share/,
  },
  {
    rule: "cycle",
    file: "src/core/a.ts",
    line: 1,
    text: 'import type { B } from "./b.ts";\nexport type A = B;\n',
    beside: {
      "src/core/b.ts": 'import { type C } from "./c.ts";\nexport type B = C;\n',
      "src/core/c.ts": 'import { d } from "./d.ts";\nexport type C = typeof d;\n',
      "src/core/d.ts": 'export const d = (): import("./a.ts").A => 1;\n',
      "src/core/above.ts": 'import type { A } from "./a.ts";\nexport type Above = A;\n',
    },
    fix: /These 4 files .*: src\/core\/a\.ts, src\/core\/b\.ts, src\/core\/c\.ts, src\/core\/d\.ts\. Move what they share/,
  },
];

const shapes: readonly Planted[] = [
  { rule: "old-syntax", file: "src/core/a.ts", line: 2, text: "\nusing a = b();\n", fix: /try and finally/ },
  { rule: "file-length", file: "src/core/a.ts", line: 1, text: lines(401), fix: /401 lines.*Split it/ },
  {
    rule: "function-length",
    file: "src/core/a.ts",
    line: 2,
    text: `\nfunction a() {\n${lines(69)}}\n`,
    fix: /"a" has 71 lines.*Move a step/,
  },
  {
    rule: "function-length",
    file: "src/core/a.ts",
    line: 1,
    text: `const a = async (b: B): Promise<{ c: D }> => {\n${lines(69)}};\n`,
    fix: /71/,
  },
  {
    rule: "function-length",
    file: "src/core/a.ts",
    line: 2,
    text: `class A {\n  #b<T extends { c: D }>(d: T): (e: E) => void {\n${lines(69)}  }\n}\n`,
    fix: /"#b" has 71/,
  },
  {
    rule: "function-length",
    file: "examples/a.ts",
    line: 2,
    text: `run({\n  async a({ b }, c) {\n${lines(69)}  },\n});\n`,
    fix: /"a" has 71/,
  },
  {
    rule: "function-length",
    file: "test/a.test.ts",
    line: 2,
    text: `describe("a", () => {\n  it("b", () => {\n${lines(69)}  });\n});\n`,
    fix: /71/,
  },
  {
    rule: "parameters",
    file: "src/core/a.ts",
    line: 1,
    text: "export function a(b: Map<string, number>, c: { d: 1; e: [1, 2] }, f = g(1, 2), h?: I) {}\n",
    fix: /"a" takes 4.*one object/,
  },
  { rule: "parameters", file: "bench/a.ts", line: 1, text: "const a = (b, c, d, ...e) => b;\n", fix: /takes 4/ },
  {
    rule: "erasable",
    file: "src/core/a.ts",
    line: 2,
    text: "class A {\n  constructor(private readonly b: B) {}\n}\n",
    fix: /Declare the property/,
  },
  { rule: "name", file: "src/core/utils.ts", line: 1, text: "", fix: /"utils" in the path/ },
  { rule: "name", file: "src/helpers/a.ts", line: 1, text: "", fix: /"helpers" in the path/ },
  { rule: "name", file: "test/string-common.test.ts", line: 1, text: "", fix: /"common" in the path/ },
  {
    rule: "name",
    file: "src/core/a.ts",
    line: 2,
    text: "\nexport class ConnectionManager {}\n",
    fix: /"ConnectionManager".*Name it after/,
  },
  { rule: "name", file: "src/core/a.ts", line: 2, text: "const a = 1;\nexport { a as dateUtils };\n", fix: /"dateUtils"/ },
];

const writing: readonly Planted[] = [
  { rule: "erasable", file: "src/core/a.ts", line: 1, text: "export enum A { B }\n", fix: /as const/ },
  { rule: "erasable", file: "test/a.ts", line: 1, text: "const enum A { B }\n", fix: /as const/ },
  { rule: "erasable", file: "src/core/a.ts", line: 1, text: "namespace A.B { export const c = 1; }\n", fix: /A file is a namespace/ },
  { rule: "erasable", file: "examples/a.ts", line: 1, text: "@injectable()\nclass A {}\n", fix: /Pass a function/ },
  { rule: "default-export", file: "src/core/a.ts", line: 1, text: "export default function a() {}\n", fix: /Export it by name/ },
  { rule: "default-export", file: "src/core/a.ts", line: 2, text: "const a = 1;\nexport { a as default };\n", fix: /Export it by name/ },
  { rule: "throw", file: "src/core/a.ts", line: 2, text: "if (a)\n  throw new Error(`a ${b}`);\n", fix: /Throw a Fault/ },
  { rule: "console", file: "src/core/a.ts", line: 1, text: 'console.log("a");\n', fix: /Publish a signal/ },
  { rule: "clock", file: "src/core/a.ts", line: 1, text: "const a = Date.now();\n", fix: /from the Clock/ },
  { rule: "clock", file: "src/core/a.ts", line: 1, text: "const a = new Date();\n", fix: /from the Clock/ },
  { rule: "clock", file: "src/core/a.ts", line: 1, text: "const a = `at ${b(`${performance.now()}`)}`;\n", fix: /from the Clock/ },
  { rule: "clock", file: "src/core/a.ts", line: 1, text: "const a = Math\n  .random();\n", fix: /randomness from the Clock/ },
  { rule: "clock", file: "src/core/a.ts", line: 2, text: "const a = b / c; // d\nsetTimeout(a, 1 / 2);\n", fix: /timers from the Clock/ },
  { rule: "clock", file: "src/core/a.ts", line: 1, text: "const a = b! / setInterval(c, 1) / d;\n", fix: /timers from the Clock/ },
  { rule: "any", file: "src/core/a.ts", line: 1, text: "const a: any = 1;\n", fix: /Write unknown/ },
  {
    rule: "any",
    file: "test/a.ts",
    line: 2,
    text: "// biome-ignore lint/suspicious/noExplicitAny:\nconst a = b as any;\n",
    fix: /say why/,
  },
  { rule: "any", file: "src/core/a.ts", line: 1, text: "type A = Record<string, any>;\n", fix: /Write unknown/ },
  { rule: "surface", file: "src/pipeline/a.ts", line: 2, text: "\nconst a = spec.http?.status;\n", fix: /Surface\.compile/ },
  { rule: "surface", file: "src/pipeline/run/a.ts", line: 1, text: "const a: HttpFacts = b;\n", fix: /knows no surface/ },
  { rule: "surface", file: "src/pipeline/a.ts", line: 1, text: 'import { parseRoute } from "../operation/route.ts";\n', fix: /Invocation/ },
  { rule: "store-table", file: "test/tasks/a.ts", line: 2, text: '\na("delete from plimsoll.tasks");\n', fix: /task-tables\.ts/ },
  { rule: "store-table", file: "test/tasks/leases.test.ts", line: 1, text: "const a = 1;\n", fix: /Delete its line/ },
  { rule: "store-table", file: "test/crash/a.ts", line: 1, text: 'a("select from plimsoll.task_later");\n', fix: /task-tables\.ts/ },
  { rule: "kind", file: "src/pipeline/a.ts", line: 2, text: '\nif (operation.kind === "task") a();\n', fix: /Ask for what the kind is/ },
  { rule: "kind", file: "src/pipeline/a.ts", line: 1, text: 'const a = "query" !== b?.compiled.kind;\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/app/a.ts", line: 2, text: 'switch (b.kind) {\n  case "action": a();\n}\n', fix: /kind\.ts/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: 'const a = ["action"].includes(operation.kind);\n', fix: /kind\.ts/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: 'const a = new Set(["query", "command"]);\n', fix: /kind\.ts/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: 'const a = { query: b, "command": c }[operation.kind];\n', fix: /kind\.ts/ },
  { rule: "kind", file: "src/http/a.ts", line: 2, text: '\nconst { kind: b } = operation; const a = b === "task";\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: 'const a = Object.is(kind, "query");\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: "const a = operation.kind === `command`;\n", fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: "const a = /^(?:query|b)$/.test(operation.kind);\n", fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: 'const a = new Map([["query", b]]).get(operation.kind);\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: "const a = { task: b }[operation.kind];\n", fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: "const a = texts[operation.kind];\n", fix: /traitsOf/ },
  { rule: "kind", file: "src/http/a.ts", line: 1, text: "const a = operation.kind in texts;\n", fix: /traitsOf/ },
  { rule: "kind", file: "src/pipeline/a.ts", line: 1, text: 'import { kinds } from "../operation/kind.ts";\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/pipeline/a.ts", line: 1, text: 'import * as table from "../operation/kind.ts";\n', fix: /traitsOf/ },
  { rule: "kind", file: "src/tasks/tasks.ts", line: 1, text: 'const a = b.kind === "query";\n', fix: /traitsOf/ },
  { rule: "allow", file: "src/core/a.ts", line: 1, text: "// tidy-allow:\nconst a = Date.now();\n", fix: /Write it: / },
  { rule: "allow", file: "src/core/a.ts", line: 1, text: "// tidy-allow: it was needed once\nconst a = 1;\n", fix: /Delete it/ },
  { rule: "published", file: "docs/a.md", line: 2, text: `# A\nSee ${machine}.\n`, fix: /Name what a reader has/ },
  { rule: "published", file: "src/core/a.ts", line: 1, text: `// As in ${machine}\n`, fix: /Name what a reader has/ },
];

const words: readonly Planted[] = [
  { rule: "word", file: "src/a.ts", line: 2, text: "const b = 1;\n// Whoever calls it is refused.\n", fix: /"whoever".*Name the actor/ },
  { rule: "word", file: "src/a.ts", line: 1, text: "const isBuried = 1;\n", fix: /"buried".*dead-letter/ },
  { rule: "word", file: "src/a.ts", line: 1, text: "const lanes_held = 1;\n", fix: /"lanes".*fairness key/ },
  { rule: "word", file: "src/a.ts", line: 1, text: 'const b = fault("c", { message: `Mend the ${d}.` });\n', fix: /"mend".*fix/ },
  { rule: "word", file: "src/a.sql", line: 1, text: "-- what became of the task\n", fix: /"what became of".*outcome/ },
  { rule: "word", file: "GUIDE.md", line: 2, text: "# A\nThe caller is told.\n", fix: /"told".*is returned/ },
  { rule: "word", file: "src/a.ts", line: 1, text: "const dead = 1;\n", fix: /"dead".*dead letter/ },
  { rule: "word", file: "GUIDE.md", line: 1, text: "# Tasks in Postgres\n", fix: /"Postgres".*PostgreSQL/ },
  { rule: "word", file: "GUIDE.md", line: 1, text: "# What the server answers\n", fix: /"answers".*response/ },
  { rule: "word", file: "GUIDE.md", line: 1, text: "# A text that is no number\n", fix: /"is no ".*is not a/ },
];

const docComments: readonly Planted[] = [
  { rule: "doc-comment", file: "src/a.ts", line: 1, text: "export const b = 1;\n", fix: /"b".*one sentence/ },
  { rule: "doc-comment", file: "src/a.ts", line: 2, text: "// No doc comment.\nexport async function b() {}\n", fix: /"b"/ },
  { rule: "doc-comment", file: "src/a.ts", line: 3, text: "/** Of c. */\nexport interface C {}\nexport interface D {}\n", fix: /"D"/ },
];

const oneFunction = "create or replace function plimsoll.a() returns void\n  language sql as $$ select; $$;\n";
const inSql: readonly Planted[] = [
  { rule: "file-length", file: "examples/a/0001_a.sql", line: 1, text: "-- a line\n".repeat(401), fix: /Split it/ },
  {
    rule: "function-length",
    file: "src/postgres/functions/b/a.sql",
    line: 2,
    text: `-- why\ncreate or replace function plimsoll.a() returns void language plpgsql as $$\n${"-- a line;\n".repeat(47)}$$;\n`,
    fix: /49 lines, and 48 are allowed/,
  },
  { rule: "sql-function", file: "src/postgres/migrations/0001_a.sql", line: 2, text: `\n${oneFunction}`, fix: /a file of its own/ },
  { rule: "sql-function", file: "src/postgres/functions/b.sql", line: 1, text: oneFunction, fix: /function plimsoll\.b\(/ },
  { rule: "sql-function", file: "src/postgres/functions/a.sql", line: 3, text: oneFunction.repeat(2), fix: /in this order/ },
  { rule: "sql-function", file: "src/postgres/functions/a.sql", line: 1, text: "-- nothing\n", fix: /makes no function/ },
  {
    rule: "sql-function",
    file: "src/postgres/functions/a.sql",
    line: 3,
    text: `${oneFunction}grant execute on function plimsoll.b to :"app";\n`,
    fix: /its grant to :"app"/,
  },
];

export const planted: readonly Planted[] = [...houseOrder, ...shapes, ...writing, ...words, ...docComments, ...inSql];

/** A tree in which nothing is wrong, though much of it looks as if. */
export const clean: Readonly<Record<string, string>> = {
  "README.md":
    "# A dead letter before its deadline, a deadlock and dead rows\nconsole.log and Date.now() are only words here. PostgreSQL is `postgres()`.\n",
  "src/index.ts":
    'export { a } from "./core/a.ts";\nexport type { App } from "./app/app.ts";\nimport { b } from "./http/b.ts";\nexport const c = b;\n',
  "src/http/index.ts": 'export { b } from "./b.ts";\nexport { pool } from "../postgres/pool.ts";\n',
  "src/http/b.ts": 'import { a } from "../core/a.ts";\nexport const b = a;\n',
  "src/postgres/pool.ts": "export const pool = 1;\n",
  "src/app/app.ts": 'import type { Route } from "../surface/route.ts";\nexport type App = Route;\n',
  "src/surface/route.ts": 'import type { App } from "../app/app.ts";\nexport type Route = App | 1;\n',
  "src/core/clock.ts":
    "export const now = () => Date.now() + Math.random() + performance.now();\nsetTimeout(now, 1);\nsetInterval(now, 1);\n",
  "src/core/ring-a.ts": 'import type { B } from "./ring-b.ts";\nimport { type C } from "./ring-b.ts";\nexport type A = B | C;\n',
  "src/core/ring-b.ts":
    'import type { A } from "./ring-a.ts";\nexport const b = () => import("./ring-a.ts");\nexport type B = A;\nexport type C = A;\n',
  "src/core/a.ts": [
    'export const a = "Date.now() console.log(1)";',
    "/* enum A { B } namespace A { } throw new Error(1) */ // setTimeout(a)",
    "export const text = `setInterval(1) \\` ${a ? `console.log ${a}` : 1} Math.random()`;",
    "export const pattern = /[/]console\\.log|Date.now()\"'`/u.test(a) && !/setTimeout(/.test(a);",
    "export const value = (text.length / 2) * 3 / 4;",
    "export const when = new Date(0);",
    'export const at = "@";',
    "const now = clock.setTimeout(1) + this.console.log(1);",
    "export const mimeTypes = { any: Promise.any([]), enum: 1, namespace: 2, module: module };",
    "export function b(this: B, c: Map<string, number>, d: (e: 1, f: 2) => void, g = [1, 2, 3]) {}",
    "// biome-ignore lint/suspicious/noExplicitAny: the library takes anything.",
    "export const d: any = 1;",
    "// tidy-allow: the one place that measures the machine itself.",
    "export const e = performance.now();",
    "declare global { interface Window { a: 1 } }",
    "module(now, {});",
    "export const f = a ? b(1) : { c: 1 };",
    "switch (a) { case b(1): { break; } }",
    "for (const g of [1]) if (g) { while (a) { } }",
    "",
  ].join("\n"),
  "src/core/kinds.ts": [
    'export const a = plan.kind === "text";',
    'switch (plan.kind) { case "text": { break; } }',
    "export const b = (kinds: readonly A[]) => { for (const kind in kinds) a(kind); };",
    "",
  ].join("\n"),
  "src/core/places.ts": [
    'export const a = schema.type === "query" || place === "query";',
    'switch (place) { case "query": { break; } }',
    'export const b = ["path", "query"].includes(place) && { query: 1, path: 2 }[place];',
    'export type C = "query" | "command";',
    "export interface E { readonly query: 1; readonly command: 2 }",
    "",
  ].join("\n"),
  "src/operation/kind.ts": 'export const kinds = { query: 1, command: 2 };\nexport const isQuery = (a: B) => a.kind === "query";\n',
  "src/core/long.ts": `export class A {\n  b() {\n${lines(68)}  }\n  c() {\n${lines(68)}  }\n}\n`,
  "test/types/a.ts": "export const a = 1;\n",
  "test/property.test.ts": "fc.assert(fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (a, b, c, d) => a + b + c + d));\n",
  "test/long.test.ts": `describe("a", () => {\n${lines(80)}});\n`,
  "test/a.ts": 'import { a } from "../src/core/a.ts";\nconsole.log(a, Date.now());\nif (a) throw new Error("a");\n',
  "examples/a.ts": 'import { a } from "plimsoll";\nimport { b } from "./b.ts";\nconsole.log(a, b, Date.now());\n',
  "examples/b.ts": "export const b = 1;\n",
  "src/postgres/functions/b/a.sql": `-- why\n${oneFunction}comment on function plimsoll.a is 'a';\ngrant execute on function plimsoll.a to :"app";\n`,
  "src/postgres/functions/b/long.sql": `create or replace function plimsoll.long() returns void language sql as $$\n${"-- a line;\n".repeat(46)}$$;\n`,
  "src/postgres/migrations/0001_a.sql": `create table plimsoll.a ();\n-- tidy-allow: a column calls it\n${oneFunction}`,
  "bench/a.ts": 'import { a } from "../src/core/a.ts";\nconsole.log(a, performance.now());\n',
};
