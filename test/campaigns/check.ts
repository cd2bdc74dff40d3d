// How long `plimsoll check` takes for a project of 2,000 files: node --conditions=source test/campaigns/check.ts [--quick] [--compare]
// --compare also reads the same files with stripTypeScriptTypes and acorn, which the check does not use.
import { stripTypeScriptTypes } from "node:module";
import { parseArgs } from "node:util";
import { parse } from "acorn";
import { checkArchitecture } from "../../src/check/check-architecture.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean" }, compare: { type: "boolean" } } });
const count = values.quick ? 200 : 2_000;
const perModule = 20;
const today = "2026-11-29";

/** One operation of a module, about as long as one of the shop. */
function operation(module: string, n: number): string {
  const lines = Array.from(
    { length: 12 },
    (_, at) =>
      `  const value${at} = total(input.lines.map(({ quantity }) => quantity * ${at}), { scale: ${at}, note: \`line \${input.orderId} of ${n}\` });`,
  );
  return `import { implement } from "plimsoll";
import { z } from "zod";
import * as contract from "../contract.ts";
import { total } from "../domain.ts";
import * as other from "../../module0/contract.ts";

const Row = z.object({ id: z.uuid(), amountCents: z.int() });

/** Does the work of number ${n}. */
export const run${n} = implement(contract.operation${n}, async (input, { sql, call, newId }) => {
${lines.join("\n")}
  await call(other.operation0, { orderId: newId() });
  const rows = await sql(Row)\`select r.id, r.amount_cents from ${module}.rows as r where r.id = \${input.orderId} and r.total > \${value0}\`.many();
  await sql\`insert into ${module}.rows (id, amount_cents) values (\${newId()}, \${value1})\`.run();
  return { rows, sum: value2 + value3 };
});
`;
}

function projectOf(files: number): ReadonlyMap<string, string> {
  const project = new Map<string, string>();
  for (let at = 0; project.size < files; at++) {
    const name = `module${at}`;
    const numbers = Array.from({ length: perModule - 4 }, (_, n) => n);
    const contracts = numbers.map(
      (n) =>
        `export const operation${n} = command("${name}.operation${n}", { summary: "Does it", input: z.object({ orderId: z.uuid() }), output: z.object({ sum: z.int() }), access: role("customer"), budget: "1s", idempotent: "key", http: "POST /v1/${name}/${n}" });\n`,
    );
    project.set(`src/${name}/contract.ts`, `import { command, role } from "plimsoll";\nimport { z } from "zod";\n${contracts.join("")}`);
    project.set(
      `src/${name}/domain.ts`,
      "export const total = (all: readonly number[], _: object): number => all.reduce((sum, one) => sum + one, 0);\n",
    );
    project.set(
      `src/${name}/module.ts`,
      `import { module } from "plimsoll";\n${numbers.map((n) => `import { run${n} } from "./operations/run${n}.ts";\n`).join("")}export const ${name} = module("${name}", { schema: "${name}", operations: [${numbers.map((n) => `run${n}`).join(", ")}] });\n`,
    );
    for (const n of numbers) project.set(`src/${name}/operations/run${n}.ts`, operation(name, n));
    project.set(`test/${name}.test.ts`, numbers.map((n) => `await call("${name}.operation${n}");\n`).join(""));
  }
  return project;
}

function timed<T>(what: string, run: () => T): T {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const result = run();
  const { user, system } = process.cpuUsage(cpu);
  console.log(`${what}: ${Math.round(performance.now() - start)} ms, ${Math.round((user + system) / 1_000)} ms of the processor`);
  return result;
}

const files = projectOf(count);
const characters = [...files.values()].reduce((sum, text) => sum + text.length, 0);
console.log(`${files.size} files of ${Math.round(characters / files.size)} characters on average`);
const { findings, counts } = timed("checkArchitecture", () => checkArchitecture({ files, today }));
console.log(`${counts.modules} modules, ${counts.operations} operations, ${findings.length} findings`);
if (values.compare) {
  const erased = timed("stripTypeScriptTypes", () => [...files.values()].map((text) => stripTypeScriptTypes(text)));
  timed("acorn", () => erased.map((text) => parse(text, { ecmaVersion: "latest", sourceType: "module" })));
}
process.exitCode = findings.length === 0 ? 0 : 1;
