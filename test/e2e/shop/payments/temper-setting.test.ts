import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readSettings } from "../../../../examples/shop/settings.ts";

describe("the temper of the shop's own provider", () => {
  it("is taken as the provider reads it", () =>
    assert.equal(readSettings({ PROVIDER_TEMPER: '{"stalls":0.2}' }).PROVIDER_TEMPER, '{"stalls":0.2}'));

  for (const temper of ["{bad", '{"stall":0.2}', '{"stalls":2}', "0.2"])
    it(`is refused as ${temper}, before anything starts`, () =>
      assert.throws(() => readSettings({ PROVIDER_TEMPER: temper }), /PROVIDER_TEMPER in the environment.*write JSON with shares/));
});

it("a shop whose provider cannot start says so, and ends with 1", () => {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-provider-"));
  const program = new URL("../../../../examples/shop/payments/own-provider.ts", import.meta.url).href;
  // It cannot read its temper, and so it ends at once. Its port is one that no program may have: above the last.
  const line = `const { startOwnProvider } = await import(${JSON.stringify(program)});
    await startOwnProvider({ directory: ${JSON.stringify(directory)}, port: 65536, temper: "{bad", shopPort: 0 });`;
  const { status, stderr } = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "--eval", line], {
    encoding: "utf8",
  });
  rmSync(directory, { recursive: true });
  assert.deepEqual(
    [status, stderr],
    [1, "The payment provider did not start on port 65536. Set PROVIDER_PORT to a free port, or to 0 for any.\n"],
  );
});
