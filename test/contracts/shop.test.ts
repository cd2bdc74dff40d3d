// The shop is a user of its own gate: its contracts are kept, and a change that breaks callers is named.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/run-command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kept = "examples/shop/contracts.lock.json";
const write = `node --conditions=source src/cli/main.ts contracts examples/shop/shop.ts --lock ${kept} --write`;
const compare = (lock: string) => runCommand(["contracts", "examples/shop/shop.ts", "--lock", lock], { folder: root });
const folder = mkdtempSync(join(tmpdir(), "plimsoll-shop-lock-"));
after(() => rmSync(folder, { recursive: true }));

interface Lock {
  readonly rest: Record<string, { route?: { path: string }; deadlineMs?: number }>;
}

it("the contracts of the shop are those that are kept", async () => {
  const { code, out } = await compare(kept);
  assert.deepEqual([code, out], [0, "0 breaking, 0 harmless.\n"], `${out}If the change is meant, keep it: ${write}`);
});

const changes: readonly (readonly [name: string, change: (lock: Lock) => void, says: RegExp])[] = [
  [
    "an operation that is gone",
    ({ rest }) => {
      rest["orders.refuse"] = { ...rest["orders.get"]!, route: { ...rest["orders.get"]!.route!, path: "/v1/refused/{orderId}" } };
    },
    /^breaks {2}orders\.refuse .*\n {4}affects: .+\n {4}instead: .+/m,
  ],
  [
    "a route that moved",
    ({ rest }) => {
      rest["orders.place"]!.route!.path = "/v0/orders";
    },
    /^breaks {2}orders\.place .*\/v0\/orders/m,
  ],
];
for (const [name, change, says] of changes)
  it(`${name} is named, with whom it breaks`, async () => {
    const lock = JSON.parse(readFileSync(join(root, kept), "utf8")) as Lock;
    change(lock);
    const path = join(folder, "contracts.lock.json");
    writeFileSync(path, JSON.stringify(lock));
    const { code, out } = await compare(path);
    assert.equal(code, 1, out);
    assert.match(out, says);
  });
