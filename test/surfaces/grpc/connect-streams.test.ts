import assert from "node:assert/strict";
import { connect } from "node:http2";
import { describe, it } from "node:test";
import { type DescService, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { action, fail, fault, module } from "plimsoll";
import { z } from "zod";
import { registryOf } from "./client.ts";
import { serve } from "./served.ts";

const Stuck = fault("stuck", { code: "aborted", details: z.object({ at: z.int() }), message: "The count is stuck. Start again." });
const open = { access: "public", idempotent: "no", budget: "2s" } as const;
const modules = [
  module("counter", {
    operations: [
      action("counter.count", {
        ...{
          ...open,
          input: z.object({ to: z.int().max(9), fails: z.boolean().optional() }),
          stream: z.object({ at: z.int() }),
          faults: [Stuck],
        },
        http: "POST /count",
        async *run({ to, fails }) {
          for (let at = 1; at <= to; at++) yield { at };
          if (fails === true) fail(Stuck, { at: to });
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
      action("counter.one", { ...open, input: z.object({}), output: z.object({}), http: "POST /one", run: async () => ({}) }),
    ],
  }),
];
const service = registryOf(modules).getService("counter.Counter") as DescService;

type Streams = Readonly<Record<string, (input: object | AsyncIterable<object>, options?: object) => AsyncIterable<object>>>;
const clientOf = (baseUrl: string) => {
  const transport = createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true });
  return createClient(service, transport) as unknown as Streams;
};

async function collect(method: string, stream: AsyncIterable<object> | undefined) {
  const output = service.methods.find(({ localName }) => localName === method)?.output as never;
  const items: unknown[] = [];
  try {
    for await (const item of stream ?? []) items.push(toJson(output, item as never));
    return { items };
  } catch (error) {
    return { items, error: ConnectError.from(error) };
  }
}

describe("streams over Connect", () => {
  it("sends each item, and ends well", async () => {
    await using served = await serve(modules);
    const executed = served.app.signals.executed.next();
    const { items, error } = await collect("count", clientOf(served.url).count?.({ to: 3n }));
    assert.deepEqual([items, error], [[{ at: "1" }, { at: "2" }, { at: "3" }], undefined]);
    assert.deepEqual([(await executed).stream?.items, (await executed).surface, (await executed).fault], [3, "grpc", undefined]);
  });

  it("ends with the fault of the handler, and its details, behind the items", async () => {
    await using served = await serve(modules);
    const { items, error } = await collect("count", clientOf(served.url).count?.({ to: 2n, fails: true }));
    assert.deepEqual([items.length, error?.code, error?.rawMessage], [2, Code.Aborted, "The count is stuck. Start again."]);
    const [info] = (error?.details ?? []) as unknown as readonly { readonly type: string; readonly value: Uint8Array }[];
    assert.match(`${info?.type} ${Buffer.from(info?.value ?? []).toString()}`, /^google\.rpc\.ErrorInfo .*stuck/s);
  });

  it("ends with what keeps it from beginning, and with its caller's deadline", async () => {
    await using served = await serve(modules);
    const client = clientOf(served.url);
    const { items, error } = await collect("count", client.count?.({ to: 10n }));
    assert.deepEqual([items, error?.code], [[], Code.InvalidArgument]);
    const ended = Promise.withResolvers<void>();
    const waits = (async function* () {
      yield { request: { case: "start", value: { from: 1n } }, start: { from: 1n } };
      await ended.promise;
    })();
    const late = await collect("add", client.add?.(waits, { timeoutMs: 100 }));
    ended.resolve();
    assert.equal(late.error?.code, Code.DeadlineExceeded);
  });

  it("takes the messages of its caller, both ways", async () => {
    await using served = await serve(modules);
    const sends = (async function* () {
      yield { start: { from: 10n } };
      for (const add of [1n, 2n]) yield { message: { add } };
    })();
    const { items, error } = await collect("add", clientOf(served.url).add?.(sends));
    assert.deepEqual([items, error], [[{ sum: "11" }, { sum: "13" }], undefined]);
  });

  it("has no stream of one message, and no compressed ones", async () => {
    await using served = await serve(modules);
    const session = connect(served.url);
    const send = async (path: string, body: Buffer) => {
      const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/connect+proto" });
      stream.end(body);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const [flags, ...rest] = Buffer.concat(chunks);
      return { flags, end: JSON.parse(Buffer.from(rest.slice(4)).toString()) as { readonly error: { readonly code: string } } };
    };
    const whole = await send("/counter.Counter/One", Buffer.from([0, 0, 0, 0, 0]));
    assert.deepEqual([whole.flags, whole.end.error.code], [2, "unimplemented"]);
    const packed = await send("/counter.Counter/Count", Buffer.from([1, 0, 0, 0, 0]));
    assert.deepEqual([packed.flags, packed.end.error.code], [2, "unimplemented"]);
    session.close();
  });
});
