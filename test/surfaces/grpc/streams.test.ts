import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { action, fail, fault, module, query } from "plimsoll";
import { z } from "zod";
import { serve } from "./served.ts";

const Stuck = fault("stuck", { code: "aborted", message: "The count is stuck. Start again." });
const open = { access: "public", idempotent: "no", budget: "2s" } as const;
const modules = [
  module("counter", {
    operations: [
      action("counter.count", {
        ...{ ...open, input: z.object({ to: z.int(), fails: z.boolean().optional() }), stream: z.object({ at: z.int() }), faults: [Stuck] },
        http: "POST /count",
        async *run({ to, fails }) {
          for (let at = 1; at <= to; at++) yield { at };
          if (fails === true) fail(Stuck, {});
        },
      }),
      query("counter.follow", {
        ...{ access: "public", budget: "2s", input: z.object({ to: z.int() }), stream: z.object({ at: z.int() }), http: "GET /follow" },
        async *run({ to }, { lastEventId = "0" }) {
          for (let at = Number(lastEventId) + 1; at <= to; at++) yield { at };
        },
      }),
      action("counter.add", {
        ...{ ...open, input: z.object({ from: z.int() }), stream: z.object({ sum: z.int() }), receives: z.object({ add: z.int() }) },
        http: "GET /add",
        async *run({ from }, { incoming }) {
          let sum = from;
          for await (const { add } of incoming) {
            sum += add;
            yield { sum };
          }
        },
      }),
    ],
  }),
];

/** All that comes, and the error at its end. */
async function collect(stream: AsyncIterable<unknown>): Promise<{ readonly items: unknown[]; readonly error?: ServiceError }> {
  const items: unknown[] = [];
  try {
    for await (const item of stream) items.push(item);
    return { items };
  } catch (error) {
    return { items, error: error as ServiceError };
  }
}

describe("streams over gRPC", () => {
  it("sends each item as a message, and ends with the status", async () => {
    await using served = await serve(modules);
    const executed = served.app.signals.executed.next();
    const { items, error } = await collect(served.client.stream("/counter.Counter/Count", { to: "3" }));
    assert.deepEqual([items, error], [[{ at: "1" }, { at: "2" }, { at: "3" }], undefined]);
    assert.deepEqual([(await executed).stream?.items, (await executed).stream?.ended], [3, "complete"]);
  });

  it("continues after the item that its caller got last, and refuses an id that is none", async () => {
    await using served = await serve(modules);
    const from = (id: string) =>
      collect(served.client.stream("/counter.Counter/Follow", { to: "5" }, { headers: { "last-event-id": id } }));
    assert.deepEqual((await from("3")).items, [{ at: "4" }, { at: "5" }]);
    assert.equal((await from("x".repeat(300))).error?.code, 3);
  });

  it("ends with the fault of the handler behind the items", async () => {
    await using served = await serve(modules);
    const { items, error } = await collect(served.client.stream("/counter.Counter/Count", { to: "2", fails: true }));
    assert.deepEqual([items.length, error?.code, error?.details], [2, 10, "The count is stuck. Start again."]);
  });

  it("waits for a caller that reads slowly, and loses nothing", async () => {
    await using served = await serve(modules);
    const { items } = await collect(served.client.stream("/counter.Counter/Count", { to: "20000" }));
    assert.deepEqual([items.length, items.at(-1)], [20_000, { at: "20000" }]);
  });

  it("stops the work of a caller that leaves", async () => {
    await using served = await serve(modules);
    const executed = served.app.signals.executed.next();
    const stream = served.client.stream("/counter.Counter/Count", { to: "100000000" });
    stream.on("error", () => undefined);
    await once(stream, "data");
    stream.cancel();
    assert.equal((await executed).outcome, "cancelled");
  });

  it("speaks both ways: the input first, then messages", async () => {
    await using served = await serve(modules);
    const call = served.client.duplex("/counter.Counter/Add");
    call.write({ start: { from: "10" } });
    call.write({ message: { add: "1" } });
    const [first] = await once(call, "data");
    call.write({ message: { add: "5" } });
    const [second] = await once(call, "data");
    assert.deepEqual([first, second], [{ sum: "11" }, { sum: "16" }]);
    call.end();
    const [status] = await once(call, "status");
    assert.equal(status.code, 0);
  });

  it("refuses a message that does not fit, and a call that begins with none", async () => {
    await using served = await serve(modules);
    for (const requests of [[{ start: { from: "1" } }, { message: {} }], [{ start: {} }], []]) {
      const call = served.client.duplex("/counter.Counter/Add");
      const ended = collect(call);
      for (const request of requests) call.write(request);
      call.end();
      const { error } = await ended;
      assert.equal(error?.code, 3, `${JSON.stringify(requests)}: ${error?.details}`);
    }
  });
});
