// What a client makes of a stream whose connection breaks, or that ends for now: it continues where items have ids, and says so where they have none.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOf, type Loose, type Script, scripted } from "./steered.ts";

const routes = {
  operations: {
    "feed.resumed": { route: "GET /v1/resumed", repeat: "safe", stream: "resumed" },
    "feed.once": { route: "GET /v1/once", repeat: "safe", stream: "once" },
    "feed.acts": { route: "POST /v1/acts", stream: "resumed" },
  },
} as const;

/** A reply whose text comes in pieces, and whose connection breaks behind them unless it is complete. */
function pieces(texts: readonly string[], complete = false): Script[number] {
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  return () => {
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = bytes[at++];
        if (piece !== undefined) controller.enqueue(piece);
        else if (complete) controller.close();
        else controller.error(new TypeError("terminated"));
      },
    });
    return new Response(body);
  };
}
const events = (...ns: readonly number[]) => ns.map((n) => `id: ${n}\ndata: {"n":${n}}\n\n`);
const end = "event: end\ndata: {}\n\n";

/** Reads a stream: its items, and the fault that it ended with. */
async function read(items: Loose) {
  const got: number[] = [];
  try {
    for await (const { n } of items) got.push(n);
    return { got };
  } catch (thrown) {
    return { got, type: (thrown as { type: string }).type };
  }
}

describe("a stream of events", () => {
  const cases: readonly {
    readonly name: string;
    readonly operation: keyof typeof routes.operations extends `feed.${infer O}` ? O : never;
    readonly script: Script;
    readonly got: readonly number[];
    readonly type?: string;
    /** The id behind which each connection begins. */
    readonly ids: readonly (string | undefined)[];
  }[] = [
    {
      name: "continues behind its last item",
      operation: "resumed",
      script: [pieces(events(1, 2)), pieces([...events(3), end], true)],
      got: [1, 2, 3],
      ids: [undefined, "2"],
    },
    {
      name: "continues after the time that the service says",
      operation: "resumed",
      script: [pieces([...events(1), "retry: 500\n\n"], true), pieces([...events(2), end], true)],
      got: [1, 2],
      ids: [undefined, "1"],
    },
    {
      name: "that ends without its end is no whole one",
      operation: "resumed",
      script: [pieces(events(1), true), pieces([end], true)],
      got: [1],
      ids: [undefined, "1"],
    },
    {
      name: "gives up where no item comes any more",
      operation: "resumed",
      script: [pieces(events(1)), pieces([":\n\n"])],
      got: [1],
      type: "network_failed",
      ids: [undefined, "1", "1"],
    },
    {
      name: "without ids ends with the break",
      operation: "once",
      script: [pieces(['data: {"n":1}\n\n'])],
      got: [1],
      type: "network_failed",
      ids: [undefined],
    },
    {
      name: "that may not be sent again ends with the break",
      operation: "acts",
      script: [pieces(events(1))],
      got: [1],
      type: "network_failed",
      ids: [undefined],
    },
    {
      name: "is read in whatever pieces it comes",
      operation: "resumed",
      script: [pieces([...`${events(1, 2).join("")}:\n\n${end}`], true)],
      got: [1, 2],
      ids: [undefined],
    },
    {
      name: "that is no JSON is refused",
      operation: "resumed",
      script: [pieces(["data: {\n\n"])],
      got: [],
      type: "reply_malformed",
      ids: [undefined],
    },
    {
      name: "with an item that is too long is refused",
      operation: "resumed",
      script: [pieces([`data: "${"x".repeat(2_000)}`])],
      got: [],
      type: "reply_malformed",
      ids: [undefined],
    },
  ];
  for (const { name, operation, script, got, type, ids } of cases)
    it(name, async () => {
      const { api, sent, clock } = scripted(script, { routes, replyChars: 1_000 });
      assert.deepEqual(await clock.until(read(api.feed![operation]!({}))), { got, ...(type !== undefined && { type }) });
      assert.deepEqual(
        sent.map(({ headers }) => headers["last-event-id"]),
        ids,
      );
      assert.equal(clock.pending, 0, "a timer is left");
    });
});

it("lines have no ids, and so do not begin again", async () => {
  const { api, sent, clock } = scripted([pieces(['{"n":1}\n{"n"', ":2}\n"])], { routes, stream: "lines" });
  assert.deepEqual(await clock.until(read(api.feed!.resumed!({}))), { got: [1, 2], type: "network_failed" });
  assert.equal(sent.length, 1);
});

it("the deadline of a stream ends with its begin", async () => {
  const { api, clock } = scripted([pieces([...events(1), end], true)], { routes, deadlineMs: 100 });
  const items: AsyncIterator<{ n: number }> = api.feed!.resumed!({})[Symbol.asyncIterator]();
  assert.deepEqual(await items.next(), { value: { n: 1 }, done: false });
  assert.equal(clock.pending, 0);
  await items.return?.();
});

it("a caller who leaves ends the wait for the next connection", async () => {
  const leaving = new AbortController();
  const { api, clock, sent } = scripted([pieces(["retry: 60000\n\n"], true)], { routes });
  const reading = faultOf(
    (async () => {
      for await (const _ of api.feed!.resumed!({}, { signal: leaving.signal }));
    })(),
  );
  const left = new Promise<void>((resolve) => {
    clock.schedule(1_000, () => {
      leaving.abort();
      resolve();
    });
  });
  await clock.until(left);
  assert.deepEqual([(await reading).code, sent.length, clock.pending], ["cancelled", 1, 0]);
});
