import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { createApp } from "plimsoll";
import { runtimeOf } from "../../src/app/app.ts";
import { Ops } from "../../src/app/ops/ops.ts";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import type { OpsPage } from "../../src/operation/ops-page.ts";

const opened = Promise.withResolvers<void>();
const sails: OpsPage = {
  path: "/sails",
  async answer({ method = "", url = "" }) {
    if (url === "/sails/slow") await opened.promise;
    if (url === "/sails/torn") throw new Fault({ code: "unavailable", type: "sail_torn", message: "The sail is torn." });
    if (url === "/sails/bug") throw new RangeError("inside");
    if (method !== "GET") return { status: 405, body: { error: "only GET" } };
    return url === "/sails" || url === "/sails/slow" ? { status: 200, body: { set: 3 } } : undefined;
  },
};

describe("a page of the ops port", () => {
  const ops = new Ops({ port: 0 }, { ready: async () => undefined, metrics: () => "none", pages: [sails] });
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`${ops.url}${path}`, { method });
    return [response.status, await response.text(), response.headers.get("content-type")?.split(";")[0]] as const;
  };
  before(() => ops.start());
  after(() => ops.stop());

  it("answers for its path and what lies below, and is listed where nothing is", async () => {
    assert.deepEqual(await ask("/sails"), [200, '{\n  "set": 3\n}\n', "application/json"]);
    assert.deepEqual((await ask("/sails/4")).slice(0, 2), [
      404,
      "The page /sails has nothing at this path. Check it; GET /sails shows what there is.\n",
    ]);
    assert.deepEqual((await ask("/sailsman")).slice(0, 2), [
      404,
      "No page has this path. Choose one of /livez, /readyz, /metrics, /sails.\n",
    ]);
    assert.equal((await ask("/sails", "POST"))[0], 405);
  });

  it("may fail, by a fault with its status and by a bug without its message", async () => {
    assert.deepEqual((await ask("/sails/torn")).slice(0, 2), [503, "The database does not respond. Try again when it does.\n"]);
    const warned = once(process, "warning");
    assert.deepEqual((await ask("/sails/bug")).slice(0, 2), [500, "The page failed. The process has written the cause to stderr.\n"]);
    assert.match(String((await warned)[0]), /The ops page \/sails\/bug failed: RangeError: inside\./);
  });

  it("is asked by a bounded number of requests at once", async () => {
    const slow = Array.from({ length: limits.opsQueries }, () => ask("/sails/slow"));
    let refused = await ask("/sails");
    for (let asked = 0; refused[0] !== 503 && asked < 1_000; asked++) refused = await ask("/sails");
    assert.equal(refused[0], 503);
    assert.equal((await ask("/livez"))[0], 200);
    opened.resolve();
    assert.deepEqual(new Set((await Promise.all(slow)).map(([status]) => status)), new Set([200]));
  });
});

describe("an app", () => {
  it("has a runtime, of which its type says nothing", () => {
    const app = createApp({ modules: [] });
    assert.equal(runtimeOf(app).inFlight, 0);
    // @ts-expect-error: the runtime is no part of what an application may use
    app.runtime;
    assert.throws(() => runtimeOf({ ...app }), /only an app that createApp made/);
  });
});
