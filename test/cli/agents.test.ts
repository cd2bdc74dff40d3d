// `plimsoll mcp`: the official client in both eras over stdio, and what no client should send.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { linesOf } from "../../src/cli/agents/lines.ts";
import { official, officialStdio } from "../mcp/official.ts";
import { runCommand } from "./run-command.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const prd = `# Notes

Members write notes. There are 200 requests per second at the peak.

- **Note**: title, text

- \`POST /notes\` (note)
- \`GET /notes\` (note)
`;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-agents-"));
  writeFileSync(join(folder, "PRD.md"), prd);
});
after(() => rmSync(folder, { recursive: true }));

async function connect(era: "modern" | "legacy", args: readonly string[] = []) {
  const mode = era === "legacy" ? "legacy" : { pin: "2026-07-28" };
  const client = new official.Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  const options = ["--conditions=source", "--disable-warning=ExperimentalWarning", main, "mcp", ...args];
  await client.connect(new officialStdio.StdioClientTransport({ command: process.execPath, args: options, cwd: folder }));
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

interface Result {
  readonly isError: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent: {
    readonly outcome: string;
    readonly result: {
      readonly questions: readonly { readonly code: string; readonly blocks: boolean; readonly default: string }[];
      readonly written: readonly string[];
    };
  };
}

for (const era of ["modern", "legacy"] as const)
  it(`the official client, ${era}, comes from a PRD to a plan`, async () => {
    await using connected = await connect(era);
    const { client } = connected;
    const call = async (name: string, args = {}) => (await client.callTool({ name, arguments: args })) as unknown as Result;
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["questions", "answer", "check", "design", "plan"],
    );
    const out = `design-${era}`;
    const { questions } = (await call("questions", { out })).structuredContent.result;
    const [first] = questions;
    assert.ok(first !== undefined && first.default !== "");
    const left = await call("answer", { code: first.code, value: first.default, out });
    assert.deepEqual(
      left.structuredContent.result.questions.map(({ code }) => code),
      questions.slice(1).map(({ code }) => code),
    );
    assert.equal(readFileSync(join(folder, out, "decisions.toml"), "utf8"), `${first.code} = "${first.default}"\n`);
    const designed = await call("design", { assume: true, out });
    assert.equal(designed.isError, false);
    assert.ok(existsSync(join(folder, out, "DESIGN.md")));
    const planned = await call("plan", { peak: 500, why: ["replicas"], out });
    assert.deepEqual([planned.isError, planned.structuredContent.outcome], [false, "fine"]);
    assert.match(planned.content[0]?.text ?? "", /replicas/i);
    const checked = await call("check");
    assert.deepEqual([checked.isError, checked.structuredContent.outcome], [true, "missing"]);
  });

it("speaks Chinese", async () => {
  await using connected = await connect("modern", ["--lang", "zh"]);
  const { tools } = await connected.client.listTools();
  assert.match(tools[0]?.description ?? "", /未决的问题/);
  assert.match(connected.client.getInstructions() ?? "", /需求文档/);
});

type Reply = {
  readonly id: unknown;
  readonly result?: { readonly isError?: boolean; readonly content: readonly { readonly text: string }[] };
  readonly error?: { readonly code: number };
};

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function ask(...lines: readonly string[]): Promise<readonly Reply[]> {
  const { code, out } = await runCommand(["mcp"], { folder, input: once(lines.map((line) => `${line}\n`).join("")) });
  assert.equal(code, 0);
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
const request = (method: string, params: object = {}, id: unknown = 1) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
const call = (name: string, args: unknown) => request("tools/call", { name, arguments: args });

describe("a server for agents", () => {
  for (const [what, line, code] of [
    ["no JSON", "{", -32_700],
    ["a batch", "[]", -32_600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32_600],
    ["a method that is not known", request("tools/none"), -32_601],
    ["a method of another era", request("server/discover"), -32_601],
    ["a tool that is not known", call("none", {}), -32_602],
    ["arguments that are no object", call("check", []), -32_602],
    ["a line that is too long", `"${"a".repeat(1_048_577)}"`, -32_600],
    ["a version that is not known", request("tools/list", { _meta: { "io.modelcontextprotocol/protocolVersion": "1" } }), -32_022],
  ] as const)
    it(`refuses ${what}, and serves the next request`, async () => {
      const replies = await ask(line, request("ping", {}, 2));
      assert.deepEqual([replies.length, replies[0]?.error?.code, replies[1]?.id], [2, code, 2]);
    });

  for (const [what, name, args, says] of [
    ["an argument that is not known", "plan", { speed: 1 }, /no argument speed/],
    ["an argument of another type", "plan", { peak: "1" }, /not of the type integer/],
    ["a missing argument", "answer", { code: "rate" }, /value is missing/],
    ["a path outside", "questions", { document: "../PRD.md" }, /outside the folder/],
    ["a path that begins at the root", "design", { out: "/tmp/x" }, /outside the folder/],
    ["a question that there is not", "answer", { code: "none", value: "1" }, /not such a question/],
    ["an answer of two lines", "answer", { code: "latency", value: 'a"\nb' }, /one line/],
  ] as const)
    it(`says what is wrong with ${what}`, async () => {
      const [reply] = await ask(call(name, args));
      assert.equal(reply?.result?.isError, true);
      assert.match(reply?.result?.content[0]?.text ?? "", says);
    });

  it("does not run what was cancelled while it waited, and lets no more wait than it says", async () => {
    const cancel = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } });
    const replies = await ask(call("questions", {}), request("ping", {}, 2), cancel, request("ping", {}, 3));
    assert.deepEqual(
      replies.map(({ id }) => id),
      [1, 3],
    );
    const many = await ask(...Array.from({ length: 300 }, () => call("questions", {})));
    const refused = many.filter(({ error }) => error?.code === -32_600).length;
    assert.equal(many.length, 300);
    assert.ok(refused > 0 && refused <= 300 - 64, `${refused} are refused`);
  });
});

it("splits an input into lines however it comes", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[a-c]{0,6}$/)), fc.array(fc.integer({ min: 1, max: 7 })), async (lines, cuts) => {
      const text = lines.map((line) => `${line}\n`).join("");
      async function* chunks(): AsyncGenerator<Uint8Array> {
        let at = 0;
        for (const cut of [...cuts, text.length]) {
          yield Buffer.from(text.slice(at, at + cut));
          at += cut;
        }
      }
      const read: (string | undefined)[] = [];
      for await (const line of linesOf(chunks(), 4)) read.push(line && Buffer.from(line).toString());
      assert.deepEqual(
        read,
        lines.map((line) => (line.length > 4 ? undefined : line)),
      );
    }),
  ));
