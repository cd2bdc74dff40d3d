// `GET /loadlines` lists every limit of the process: those that the operations and the upstreams of the shop declare, and all that anything in it has made.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { queryObjects } from "node:v8";
import { modules } from "../../../examples/shop/shop.ts";
import { LoadLine } from "../../../src/core/load-line/load-line.ts";
import { openTestShop, type TestShop } from "../shop/open-shop.ts";

let shop: TestShop;
interface Listed {
  readonly name: string;
  readonly fixed: string | null;
}

let names: readonly string[];
let fixedLimits: readonly Listed[];
before(async () => {
  shop = await openTestShop({ places: { urls: { calm: "http://127.0.0.1:1", other: "http://127.0.0.1:2" }, allow: ["127.0.0.1"] } });
  const response = await fetch(`${shop.app.urls.ops}/loadlines`);
  const { limits } = (await response.json()) as { readonly limits: readonly Listed[] };
  fixedLimits = limits.filter(({ fixed }) => fixed !== null);
  names = limits.map(({ name }) => name);
});
after(() => shop?.[Symbol.asyncDispose]());

const operations = modules.flatMap((module) => module.operations.map((one) => ("operation" in one ? one.operation : one)));
const runsStatements = (kind: string) => kind === "query" || kind === "command";

it("lists what each operation declares", () => {
  for (const { name, kind } of operations)
    for (const what of ["concurrency", "queue", "calls", ...(runsStatements(kind) ? ["queries"] : [])])
      assert.ok(names.includes(`${name} ${what}`), `${name} ${what} is not listed`);
});

it("lists the rates of operations, and those of an upstream with its policies", () => {
  for (const name of ["rate per actor", "relay.fetch rate per actor", "relay.fetch rate per all"])
    assert.ok(names.includes(name), `${name} is not listed`);
  for (const upstream of ["calm", "other"])
    for (const part of ["connections", "queue", "retry budget", "breaker"])
      assert.ok(names.includes(`upstream ${upstream} ${part}`), `${part} of ${upstream} is not listed`);
});

it("lists each limit that the process has made: none refuses where no operator sees it", () => {
  const made = queryObjects(LoadLine, { format: "summary" }) as unknown as readonly string[];
  // An operation that can run no statement has a limit of them that decides nothing.
  const idle = operations.filter(({ kind }) => !runsStatements(kind)).length;
  const said = `${made.length - idle} limits were made and ${names.length} are listed. Those that were made:\n${made.join("\n")}`;
  assert.equal(made.length - idle, names.length, said);
});

it("says of each limit that can only be enforced why, and what to change, and the guide names it", () => {
  const guide = readFileSync(new URL("../../../docs/guide/load-lines.md", import.meta.url), "utf8");
  const [said = assert.fail("the guide says nothing of them")] = guide.split("\n").filter((line) => line.includes("can only be enforced"));
  for (const { name, fixed } of fixedLimits) {
    assert.match(`${fixed}`, /Change |give httpClient|give fallback/, name);
    const asWritten = name.replace(/^tasks of the queue .*/, "tasks of the queue …");
    const isNamed = /^upstream \S+ (?:connections|queue)$/.test(name) || said.includes(`\`${asWritten}\``);
    assert.ok(isNamed, `${name} is fixed, and the guide does not say so`);
  }
  assert.ok(fixedLimits.length >= 10);
});
