// The verb: writes the file, finds what breaks, says it in both languages, and leaves the parts of others as they are.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-contracts-"));
after(() => rmSync(folder, { recursive: true }));
const root = fileURLToPath(new URL("../..", import.meta.url));
const lock = join(folder, "contracts.lock.json");

/** Writes a file, and returns its name. */
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

let programs = 0;
/** Writes a program whose query has these fields, and returns its name: a module is loaded once. */
function program(fields: string): string {
  const name = `app${++programs}.ts`;
  const text = `import { createApp, module, query } from ${JSON.stringify(join(root, "src/index.ts"))};
import { z } from ${JSON.stringify(join(root, "node_modules/zod/index.js"))};
const read = query("shop.read", { input: z.object({}), output: z.object({ ${fields} }), access: "public", budget: "1s", http: "GET /v1/read", run: async () => ({}) });
export const app = createApp({ modules: [module("shop", { operations: [read] })], database: { open: () => ({}) } });
export const modules = [module("shop", { operations: [read] })];
`;
  return file(name, text);
}
const contracts = (...args: string[]) => runCommand(["contracts", ...args], { folder });

describe("plimsoll contracts", () => {
  it("writes the file where there is none", async () => {
    const { code, out } = await contracts("--entry", program("a: z.string(), b: z.int()"));
    assert.deepEqual([code, out], [0, "contracts.lock.json is written. Commit it.\n"]);
    assert.equal(JSON.parse(readFileSync(lock, "utf8")).rest["shop.read"].route.path, "/v1/read");
  });

  it("finds nothing in the same contracts", async () => {
    const { code, out } = await contracts(program("b: z.int(), a: z.string()"));
    assert.deepEqual([code, out], [0, "0 breaking, 0 harmless.\n"]);
  });

  it("exits with 1 where something breaks, names whom and what to do, and writes nothing", async () => {
    const kept = readFileSync(lock, "utf8");
    const { code, out } = await contracts("--entry", program("a: z.string(), c: z.boolean()"));
    assert.equal(code, 1);
    assert.match(out, /^breaks {2}shop\.read output\.b {2}\[output_field_removed\]/m);
    assert.match(out, /affects: callers who read it\n {4}instead: Keep it/);
    assert.match(out, /1 breaking, 1 harmless\. Keep them with --write\./);
    assert.equal(readFileSync(lock, "utf8"), kept);
  });

  it("says it in Chinese, and as data", async () => {
    const entry = program("a: z.string()");
    const said = await runCommand(["契约", "--entry", entry, "--lang", "zh"], { folder });
    assert.equal(said.code, 1);
    assert.match(said.out, /破坏性变更 1 项，无害变更 0 项。/);
    const { result, exit } = JSON.parse((await contracts("--entry", entry, "--json")).out);
    assert.deepEqual([exit, result.breaking, result.changes[0].rule, result.written], [1, 1, "output_field_removed", false]);
  });

  it("keeps what breaks with --write, and the parts of others", async () => {
    writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, "utf8")), grpc: { "shop.Read": { numbers: { a: 1 } } } }));
    const { code } = await contracts("--entry", program("a: z.string()"), "--write");
    assert.equal(code, 0);
    const { grpc, rest } = JSON.parse(readFileSync(lock, "utf8"));
    assert.deepEqual([grpc, Object.keys(rest["shop.read"].output.properties)], [{ "shop.Read": { numbers: { a: 1 } } }, ["a"]]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("contracts.lock")),
      ["contracts.lock.json"],
    );
  });

  it("keeps the numbers of gRPC: what is new gets the next one, and what is gone leaves its own reserved", async () => {
    const served = (fields: string, own = "contracts.lock.json") => {
      const name = program(fields);
      const text = readFileSync(join(folder, name), "utf8").replace(
        "database:",
        `surfaces: [grpc({ port: 0, lock: "${own}" })], database:`,
      );
      return file(name, `import { grpc } from ${JSON.stringify(join(root, "src/grpc/index.ts"))};\n${text}`);
    };
    const numbers = () => JSON.parse(readFileSync(lock, "utf8")).grpc["shop.ReadResponse"];
    writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, "utf8")), grpc: {} }));
    const first = await contracts("--entry", served("a: z.string(), b: z.int().optional()"));
    assert.equal(first.code, 0, first.out);
    assert.match(first.out, /harmless {2}shop\.ReadResponse {2}\[grpc_message_added\]/);
    assert.equal((await contracts("--entry", served("a: z.string(), b: z.int().optional()"), "--write")).code, 0);
    assert.deepEqual(numbers(), { numbers: { a: 1, b: 2 } });
    assert.equal((await contracts("--entry", served("c: z.int().optional(), a: z.string()"), "--write")).code, 0);
    assert.deepEqual(numbers(), { numbers: { c: 3, a: 1 }, reserved: [2] });
    assert.equal((await contracts("--entry", served("a: z.string(), d: z.int()", "other.lock.json"), "--write")).code, 0);
    assert.deepEqual(numbers(), { numbers: { c: 3, a: 1 }, reserved: [2] }, "the app keeps its numbers in another file");
  });

  const wrong: readonly (readonly [string, () => readonly string[], number, RegExp])[] = [
    ["no program", () => [], 64, /needs the program that exports the app/],
    ["a program that is not there", () => ["--entry", "gone.ts"], 66, /There is no file gone\.ts/],
    ["a program that does not load", () => ["--entry", file("bad.ts", "const = 1")], 65, /bad\.ts does not load/],
    ["a program without an app", () => ["--entry", file("none.ts", "export {}")], 65, /exports neither an app nor modules/],
    ["a file that is none", () => ["--entry", program("a: z.string()"), "--lock", file("bad.json", "[1")], 65, /does not hold contracts/],
  ];
  for (const [name, args, exit, message] of wrong)
    it(`refuses ${name}`, async () => {
      const { code, err } = await contracts(...args());
      assert.equal(code, exit, err);
      assert.match(err, message);
    });
});
