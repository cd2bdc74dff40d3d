import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startProvider } from "../../../../examples/shop/provider.ts";
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
  const program = new URL("../../../../examples/shop/provider/own-provider.ts", import.meta.url).href;
  // It cannot read its temper, and so it ends at once. Its port is one that no program may have: above the last.
  const line = `const { startOwnProvider } = await import(${JSON.stringify(program)});
    await startOwnProvider({ directory: ${JSON.stringify(directory)}, port: 65536, temper: "{bad", shopPort: 0 });`;
  const { status, stderr } = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "--eval", line], {
    encoding: "utf8",
  });
  rmSync(directory, { recursive: true });
  assert.deepEqual(
    [status, stderr],
    [
      1,
      "The payment provider did not start on port 65536, and no other one runs there. Set PROVIDER_PORT to a free port, or to 0 for any.\n",
    ],
  );
});

describe("the port of the shop's own provider", () => {
  /** Starts a provider as the shop does, on a port that is taken, in a process of its own: it ends with that process. */
  const startAt = async (port: number) => {
    const directory = mkdtempSync(join(tmpdir(), "plimsoll-provider-"));
    const program = new URL("../../../../examples/shop/provider/own-provider.ts", import.meta.url).href;
    const line = `const { startOwnProvider } = await import(${JSON.stringify(program)});
      console.log((await startOwnProvider({ directory: ${JSON.stringify(directory)}, port: ${port}, temper: "{}", shopPort: 0 })).url);`;
    const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "--eval", line]);
    const said = { out: "", err: "" };
    child.stdout.on("data", (text) => (said.out += String(text)));
    child.stderr.on("data", (text) => (said.err += String(text)));
    const [status] = (await once(child, "close")) as [number | null];
    rmSync(directory, { recursive: true });
    return { status, ...said };
  };

  it("is not that of a program that is no provider", async () => {
    const server = createServer((_, response) => response.end('{"items":[]}')).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { status, err } = await startAt(port);
    server.close();
    assert.deepEqual(
      [status, err],
      [
        1,
        `The payment provider did not start on port ${port}, and no other one runs there. Set PROVIDER_PORT to a free port, or to 0 for any.\n`,
      ],
    );
  });

  it("may be that of another shop's provider, which is used (as before)", async () => {
    const directory = mkdtempSync(join(tmpdir(), "plimsoll-provider-"));
    const provider = await startProvider({}, { books: join(directory, "books.jsonl") });
    const { status, out, err } = await startAt(Number(new URL(provider.url).port));
    await provider.close();
    rmSync(directory, { recursive: true });
    assert.deepEqual([status, out, err], [0, `${provider.url}\n`, ""]);
  });
});
