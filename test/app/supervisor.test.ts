import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { exitOnFault } from "plimsoll";

const program = fileURLToPath(new URL("./fixtures/supervised.ts", import.meta.url));

/** The program of the fixture while it runs. */
class Supervised {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  errors = "";

  constructor(port = 0, path = program) {
    this.child = spawn(process.execPath, ["--conditions=source", path, String(port)]);
    // All of its output is read before it counts as ended.
    this.ended = once(this.child, "close").then(([code, signal]) => code ?? signal);
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    this.child.stderr?.on("data", (bytes) => {
      this.errors += bytes;
    });
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value ?? `nothing, but ${this.errors}`;
  }
}

describe("supervise", () => {
  let supervised: Supervised;
  afterEach(() => void supervised.child.kill("SIGKILL"));

  const start = async () => {
    supervised = new Supervised();
    const [ready, api, ops] = (await supervised.line()).split(" ");
    assert.equal(ready, "ready", supervised.errors);
    return { api, ops };
  };
  const post = async (url: string) => (await fetch(url, { method: "POST" })).status;

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`lets what runs finish and ends with 0 on ${signal}`, async () => {
      const { api } = await start();
      assert.equal(await post(`${api}/slow`), 204);
      const slow = post(`${api}/slow`);
      await fetch(`${api}/nothing`);
      supervised.child.kill(signal);
      assert.equal(await supervised.line(), "stopping");
      assert.equal(await slow, 204);
      assert.equal(await supervised.ended, 0, supervised.errors);
    });

  it("reports no failed start after a signal, and ends with 0", async () => {
    supervised = new Supervised(0, fileURLToPath(new URL("./fixtures/interrupted.ts", import.meta.url)));
    assert.equal(await supervised.line(), "starting");
    supervised.child.kill("SIGINT");
    assert.deepEqual([await supervised.ended, supervised.errors], [0, ""]);
  });

  it("ends at once on a second signal", async () => {
    const { api } = await start();
    const endless = post(`${api}/endless`).catch(() => "cut");
    await fetch(`${api}/nothing`);
    supervised.child.kill("SIGTERM");
    assert.equal(await supervised.line(), "stopping");
    supervised.child.kill("SIGTERM");
    // A stop that waited for it would end with 0, and it with its deadline.
    assert.equal(await supervised.ended, 1);
    assert.equal(await endless, "cut");
  });

  const bugs = [
    { path: "/float", operation: "bugs.float", what: "a promise that is not awaited" },
    { path: "/timer", operation: "bugs.timer", what: "a callback" },
  ];
  for (const { path, operation, what } of bugs)
    it(`knows whose bug was thrown by ${what}, answers what runs and ends with 1`, async () => {
      const { api, ops } = await start();
      const slow = post(`${api}/slow`);
      await fetch(`${api}/nothing`);
      assert.equal((await fetch(`${ops}/readyz`)).status, 200);
      assert.equal(await post(`${api}${path}`), 204);
      assert.equal(await supervised.line(), `crashed ${operation}`);
      assert.equal(await supervised.line(), "stopping");
      assert.equal((await fetch(`${ops}/readyz`)).status, 503);
      assert.equal(await slow, 204);
      assert.equal(await supervised.ended, 1);
      assert.match(supervised.errors, new RegExp(`^${operation} threw an exception that no code caught: TypeError: not (awaited|caught)`));
    });

  it("says what to do where a start fails, and ends with 1", async () => {
    const other = createServer().listen(0);
    const { port } = other.address() as AddressInfo;
    supervised = new Supervised(port);
    assert.equal(await supervised.ended, 1);
    other.close();
    assert.equal(supervised.errors, `The HTTP port ${port} is in use by another program. Stop it, or choose another port.\n`);
  });
});

describe("exitOnFault", () => {
  it("gives what its work gives, and lets a bug through as it is", () => {
    assert.equal(
      exitOnFault(() => 7),
      7,
    );
    assert.throws(
      () =>
        exitOnFault(() => {
          throw new TypeError("a bug");
        }),
      /^TypeError: a bug$/,
    );
  });
});
