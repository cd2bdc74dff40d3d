import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Service, startAll, stopAll } from "../../src/core/service.ts";

/** Services that write down what was asked of them. */
function recorded(names: readonly string[], failing?: string): { services: Service[]; did: string[]; failure: TypeError } {
  const did: string[] = [];
  const failure = new TypeError("cannot start");
  const services = names.map((name) => ({
    name,
    async start() {
      did.push(`start ${name}`);
      await Promise.resolve();
      if (name === failing) throw failure;
      did.push(`started ${name}`);
    },
    async stop() {
      await Promise.resolve();
      did.push(`stopped ${name}`);
    },
  }));
  return { services, did, failure };
}

describe("services", () => {
  it("start one after the other and stop in reverse", async () => {
    const { services, did } = recorded(["a", "b"]);
    await startAll(services);
    await stopAll(services);
    assert.deepEqual(did, ["start a", "started a", "start b", "started b", "stopped b", "stopped a"]);
  });

  it("stop what was started, the failed one included, when one fails, and throw its failure", async () => {
    const { services, did, failure } = recorded(["a", "b", "c"], "b");
    await assert.rejects(startAll(services), failure);
    assert.deepEqual(did, ["start a", "started a", "start b", "stopped b", "stopped a"]);
  });

  it("do nothing when there are none", async () => {
    await startAll([]);
    await stopAll([]);
  });
});
