// node bench/type-check.ts [--json] [--quick] [--rounds N]: what 300 operations cost the compiler, without and with a client that calls
// each of them, beside the same schemas and functions without Plimsoll.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeCommit, describeMachine } from "./harness/report.ts";
import { median, quantile, round } from "./harness/rounds.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = join(root, "node_modules/typescript/bin/tsc");
const modules = 30;
const operationsOfModule = 10;

type Contender = "plimsoll" | "client" | "raw";

/** What the compiler tells of one run. *Units*: seconds; memory in 10^6 bytes. */
interface Sample {
  readonly checkSeconds: number;
  readonly totalSeconds: number;
  readonly cpuSeconds: number;
  readonly types: number;
  readonly instantiations: number;
  readonly memoryMb: number;
}

/** The schemas of one operation: the same text for all. */
function schemas(name: string, kind: "read" | "write"): string {
  const nested = `z.array(z.object({ productId: z.uuid(), quantity: z.int().min(1).max(100), note: z.string().max(200).optional() })).max(100)`;
  const input =
    kind === "read"
      ? `{ id: z.uuid(), text: z.string().max(100).optional(), status: z.enum(["open", "paid", "closed"]).optional(), from: z.iso.datetime().optional(), limit: z.int().min(1).max(100).default(20) }`
      : `{ id: z.uuid(), customerId: z.uuid(), email: z.email(), currency: z.enum(["EUR", "USD", "CNY"]), lines: ${nested}.min(1), address: z.object({ street: z.string(), city: z.string(), zip: z.string().regex(/^[0-9]+$/) }), coupon: z.string().optional(), gift: z.boolean().default(false) }`;
  return `export const ${name}Input = z.object(${input});
export const ${name}Output = z.object({ id: z.uuid(), status: z.enum(["open", "paid", "closed"]), totalCents: z.int(), createdAt: z.iso.datetime(), lines: ${nested}, version: z.int() });
`;
}

const row = (
  at: number,
) => `export const Row${at} = z.object({ id: z.uuid(), status: z.enum(["open", "paid", "closed"]), totalCents: z.int(), createdAt: z.iso.datetime(), version: z.int() });
`;

/** The body of an operation: the same text but for how another operation is called. */
function body(kind: "read" | "write", { at, fault, call }: { at: number; fault: string; call: string }): string {
  const find = `const found = await sql(Row${at})\`select id, status, total_cents, created_at, version from m.orders where id = \${input.id}\`.maybe();
    if (found === undefined) ${fault};`;
  return kind === "read"
    ? `${find}
    const lines = await sql(Line)\`select product_id, quantity from m.lines where order_id = \${found.id} limit \${input.limit}\`.many();
    return { ...found, lines: lines.map(({ productId, quantity }) => ({ productId, quantity })) };`
    : `${find}
    const other = ${call};
    const total = input.lines.reduce((sum, line) => sum + line.quantity, other.totalCents);
    await sql\`update m.orders set total_cents = \${total}, city = \${input.address.city}, gift = \${input.gift} where id = \${found.id} and customer = \${actor.id}\`.run();
    return { id: found.id, status: "paid" as const, totalCents: total, createdAt: found.createdAt, lines: other.lines, version: found.version + 1 };`;
}

/** What a page does with the operations of one module: it calls each, uses what it returns, and tells one fault from the others. */
function calls(index: number): string {
  let text =
    'import { client } from "plimsoll/client";\nimport type * as contracts from "../contracts.ts";\nexport const api = client<typeof contracts>({ url: "https://a.test" });\n';
  for (let at = 0; at < operationsOfModule; at++) {
    const isRead = at % 2 === 0;
    const input = isRead
      ? "{ id, limit: 10 }"
      : `{ id, customerId: id, email: "a@b.c", currency: "EUR", lines: [{ productId: id, quantity: 2 }], address: { street: "s", city: "c", zip: "1" } }`;
    const name = isRead ? `get${at}` : `place${at}`;
    text += `export async function use${at}(id: string): Promise<number> {
  const done = await api.m${index}.${name}(${input}).outcome();
  if (done.ok) return done.output.lines.reduce((sum, { quantity }) => sum + quantity, done.output.totalCents);
  return done.fault.type === "missing_${at}" ? done.fault.details.orderId.length : 0;
}
`;
  }
  return text;
}

/** One module of either project: its contracts, and how they are done. */
function module(contender: Contender, index: number): Readonly<Record<string, string>> {
  const next = (index + 1) % modules;
  let contract = 'import { z } from "zod";\n';
  let done = `import { Line } from "../line.ts";\nimport * as own from "./contract.ts";\n`;
  contract +=
    contender !== "raw"
      ? 'import { command, fault, query, role } from "plimsoll";\n'
      : 'import { type Context, Failure } from "../context.ts";\n';
  done +=
    contender !== "raw"
      ? `import { implement, module } from "plimsoll";\nimport * as next from "../m${next}/contract.ts";\n`
      : `import type { z } from "zod";\nimport type { Context } from "../context.ts";\nimport * as next from "../m${next}/operations.ts";\n`;
  const names: string[] = [];
  for (let at = 0; at < operationsOfModule; at++) {
    const kind = at % 2 === 0 ? "read" : "write";
    const name = `${kind === "read" ? "get" : "place"}${at}`;
    names.push(name);
    contract += `${schemas(name, kind)}${row(at)}export const Details${at} = z.object({ orderId: z.string() });\n`;
    const read = `{ id: input.id, limit: 10 }`;
    if (contender !== "raw") {
      contract += `export const Missing${at} = fault("missing_${at}", { code: "not_found", details: Details${at}, message: ({ orderId }) => \`Order \${orderId} does not exist.\` });\n`;
      const shared = `summary: "An operation", input: ${name}Input, output: ${name}Output, faults: [Missing${at}], access: role("customer")`;
      contract +=
        kind === "read"
          ? `export const ${name} = query("m${index}.${name}", { ${shared}, budget: "100ms", http: "GET /v1/m${index}/${name}/{id}" });\n`
          : `export const ${name} = command("m${index}.${name}", { ${shared}, budget: { deadline: "300ms", concurrency: 64, queries: 12 }, idempotent: "key", http: { route: "POST /v1/m${index}/${name}", status: 201, location: ({ id }) => \`/v1/\${id}\` } });\n`;
      const parts = { at, fault: `return fail(own.Missing${at}, { orderId: input.id })`, call: `await call(next.get${at - 1}, ${read})` };
      done += `export const ${name} = implement(own.${name}, async (input, { sql, fail${kind === "write" ? ", call, actor" : ""} }) => {
    ${body(kind, parts).replaceAll(/sql\(Row/g, "sql(own.Row")}
});\n`;
    } else {
      contract += `export class Missing${at} extends Failure<z.output<typeof Details${at}>> { constructor(details: z.output<typeof Details${at}>) { super("not_found", details, \`Order \${details.orderId} does not exist.\`); } }\n`;
      const parts = {
        at,
        fault: `throw new own.Missing${at}({ orderId: input.id })`,
        call: `await next.get${at - 1}(${read.replace("limit: 10", "limit: 10")}, context)`,
      };
      done += `export async function ${name}(input: z.output<typeof own.${name}Input>, context: Context): Promise<z.input<typeof own.${name}Output>> {
    const { sql${kind === "write" ? ", actor" : ""} } = context;
    ${body(kind, parts).replaceAll(/sql\(Row/g, "sql(own.Row")}
}\n`;
    }
  }
  done +=
    contender !== "raw"
      ? `export const m${index} = module("m${index}", { schema: "m${index}", operations: [${names.join(", ")}] });\n`
      : `export const m${index} = { schema: "m${index}", operations: { ${names.join(", ")} } };\n`;
  if (contender === "raw") contract = contract.replace("type Context, ", "");
  return { [`m${index}/contract.ts`]: contract, [`m${index}/operations.ts`]: done };
}

const line = `import { z } from "zod";\nexport const Line = z.object({ productId: z.uuid(), quantity: z.int() });\n`;

/** What the functions without Plimsoll are written against: as little as does the same. */
const context = `import type { z } from "zod";
export interface Statement<R> { one(): Promise<R>; maybe(): Promise<R | undefined>; many(): Promise<R[]>; run(): Promise<number> }
export interface Sql {
  (text: TemplateStringsArray, ...values: readonly unknown[]): Statement<Record<string, unknown>>;
  <S extends z.ZodType>(row: S): (text: TemplateStringsArray, ...values: readonly unknown[]) => Statement<z.output<S>>;
}
export interface Context { readonly sql: Sql; readonly actor: { readonly id: string }; readonly signal: AbortSignal }
export class Failure<D> extends Error {
  readonly code: string;
  readonly details: D;
  constructor(code: string, details: D, message: string) { super(message); this.code = code; this.details = details; }
}
`;

function generate(folder: string, contender: Contender): void {
  const files: Record<string, string> = { "line.ts": line, ...(contender === "raw" && { "context.ts": context }) };
  for (let index = 0; index < modules; index++) Object.assign(files, module(contender, index));
  const list = Array.from({ length: modules }, (_, index) => index);
  if (contender === "client") {
    for (const index of list) files[`m${index}/page.ts`] = calls(index);
    files["contracts.ts"] = list.map((index) => `export * as m${index} from "./m${index}/contract.ts";\n`).join("");
  }
  files["main.ts"] = `${list.map((index) => `import { m${index} } from "./m${index}/operations.ts";`).join("\n")}
export const all = [${list.map((index) => `m${index}`).join(", ")}];\n`;
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const compilerOptions = {
    ...{
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, erasableSyntaxOnly: true, allowImportingTsExtensions: true },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
}

/** The packages that all see: Plimsoll as it is published, built now. */
function install(folder: string): void {
  const packages = join(folder, "node_modules");
  mkdirSync(join(packages, "plimsoll"), { recursive: true });
  cpSync(join(root, "package.json"), join(packages, "plimsoll/package.json"));
  execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(packages, "plimsoll/dist")], {
    stdio: "inherit",
  });
  for (const name of ["zod", "@types", "@opentelemetry"]) symlinkSync(join(root, "node_modules", name), join(packages, name));
}

function check(folder: string): Sample {
  // The shell adds the processor time that tsc took, which other work on the machine changes least.
  const args = ["-c", '"$@"; code=$?; times; exit $code', "sh", process.execPath, tsc];
  const { stdout, status } = spawnSync("sh", [...args, "--noEmit", "--extendedDiagnostics", "--pretty", "false", "-p", folder], {
    encoding: "utf8",
  });
  if (status !== 0) throw new TypeError(`the generated project does not compile:\n${stdout.slice(0, 2_000)}`);
  const read = (label: string) => {
    const found = new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(stdout)?.[1];
    if (found === undefined) throw new TypeError(`tsc --extendedDiagnostics says nothing of "${label}":\n${stdout}`);
    return Number(found);
  };
  const times = [...(stdout.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  return {
    checkSeconds: read("Check time"),
    totalSeconds: read("Total time"),
    cpuSeconds: times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0),
    types: read("Types"),
    instantiations: read("Instantiations"),
    memoryMb: Math.round(read("Memory used") / 1_000),
  };
}

function summarize(name: Contender, samples: Readonly<Record<Contender, readonly Sample[]>>) {
  const of = (figure: keyof Sample) => median(samples[name].map((sample) => sample[figure]));
  const ratios = (figure: keyof Sample) => samples[name].map((sample, at) => sample[figure] / samples.raw[at]![figure]);
  const spread = (values: readonly number[]) => round(quantile(values, 0.75) - quantile(values, 0.25));
  return {
    name,
    /** Of the type-check alone; reading files and libraries, which all do alike, is in `totalRatio`. */
    ratio: round(median(ratios("checkSeconds"))),
    ratioIqr: spread(ratios("checkSeconds")),
    seconds: round(of("checkSeconds")),
    totalSeconds: round(of("totalSeconds")),
    totalRatio: round(median(ratios("totalSeconds"))),
    cpuSeconds: round(of("cpuSeconds")),
    /** Of the whole run's processor time. */
    cpuRatio: round(median(ratios("cpuSeconds"))),
    cpuRatioIqr: spread(ratios("cpuSeconds")),
    types: of("types"),
    instantiations: of("instantiations"),
    memoryMb: of("memoryMb"),
  };
}

/** Checks all projects in turn, after one uncounted run each; their order changes from round to round. */
export function runTypes({ rounds = 9, keep = false }: { readonly rounds?: number | undefined; readonly keep?: boolean } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-bench-types-"));
  try {
    install(folder);
    const contenders = ["plimsoll", "client", "raw"] as const;
    for (const contender of contenders) {
      generate(join(folder, contender), contender);
      check(join(folder, contender));
    }
    const samples: Record<Contender, Sample[]> = { plimsoll: [], client: [], raw: [] };
    for (let at = 0; at < rounds; at++)
      for (const contender of at % 2 === 0 ? contenders : contenders.toReversed()) samples[contender].push(check(join(folder, contender)));
    const machine = describeMachine({
      typescript: execFileSync(process.execPath, [tsc, "--version"], { encoding: "utf8" }).trim().split(" ").at(-1),
    });
    const results = contenders.map((contender) => summarize(contender, samples));
    return { bench: "types", machine, commit: describeCommit(), rounds, operations: modules * operationsOfModule, results };
  } finally {
    if (keep) process.stderr.write(`kept ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, quick: { type: "boolean" }, rounds: { type: "string" }, keep: { type: "boolean" } },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const report = runTypes({ rounds: values.quick ? (rounds ?? 3) : rounds, keep: values.keep ?? false });
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else console.table(report.results);
}
