// A stream of a remote module is that of the same module in one process: what its client reads, and the signals of both processes, field by field.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Actor, type App, type AppSpec, authenticator, badCredential, createApp } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { http } from "plimsoll/http";
import { internalCalls, remote } from "plimsoll/remote";
import type { Execution } from "../../../../src/operation/execution.ts";
import { MemoryDatabase } from "../../../../src/testing/conformance/memory-database.ts";
import { signalOf, unmeasured } from "../../same/signals.ts";
import { keys } from "../two-apps.ts";
import { type Feed, feedOf } from "./operations.ts";

const actors: Readonly<Record<string, Actor>> = {
  ann: { id: "ann", kind: "user", roles: ["clerk"], tenant: "t-1", claims: {} },
  bob: { id: "bob", kind: "user", roles: [], tenant: "t-1", claims: {} },
};
const authentication = authenticator({
  authenticate: (token) => (Object.hasOwn(actors, token) ? actors[token]! : badCredential("It is unknown.")),
});

/** What a row asks with. `stop`: stops the process that runs the operations. */
interface Asking {
  readonly feed: Feed;
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

interface Row {
  readonly name: string;
  readonly spec?: Partial<AppSpec>;
  /** What the client reads. */
  run(asking: Asking): Promise<readonly string[]>;
  /** How each stream ended that was opened, or the status of its refusal: so that both ways cannot be wrong alike. */
  readonly ends: readonly string[];
}

const accept = { accept: "text/event-stream" };
const bearer = (name: string) => ({ authorization: `Bearer ${name}` });

/** Reads a stream to its end, whatever that is. */
async function read(opened: Promise<Response>): Promise<string> {
  const response = await opened;
  const decoder = new TextDecoder();
  let text = `${response.status} ${response.headers.get("content-type")}\n`;
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes);
  } catch {
    text += "cut";
  }
  return text.replaceAll(/retry: \d+/g, "retry: N").replaceAll(/"(requestId|load|waitMs)":("[^"]*"|[\d.]+)/g, '"$1":"-"');
}

const once = (path: string, end: string, headers?: Readonly<Record<string, string>>): Pick<Row, "run" | "ends"> => ({
  run: async ({ open }) => [await read(open(path, headers))],
  ends: [end],
});

const table: readonly Row[] = [
  { name: "all items", ...once("GET /count?to=300", "complete") },
  { name: "no item", ...once("GET /count?to=0", "complete") },
  { name: "what follows the last item that the client got", ...once("GET /count?to=5", "complete", { "last-event-id": "3" }) },
  { name: "a stream that opens before its first item, with notes", ...once("POST /noted", "complete") },
  { name: "a declared fault before the first item", ...once("GET /count?to=3&failsAt=1&how=declared", "aborted") },
  { name: "a declared fault in the middle", ...once("GET /count?to=9&failsAt=4&how=declared", "failed") },
  { name: "a fault that is not declared", ...once("GET /count?to=9&failsAt=4&how=undeclared", "failed") },
  { name: "a bug before the first item", ...once("GET /count?to=3&failsAt=1&how=bug", "internal") },
  { name: "a bug in the middle", ...once("GET /count?to=9&failsAt=4&how=bug", "failed") },
  { name: "an item that does not fit", ...once("GET /count?to=9&failsAt=4&how=item", "failed") },
  { name: "an input that does not fit", ...once("GET /count?to=x", "invalid_argument") },
  { name: "an id that is none", ...once("GET /count?to=3", "invalid_argument", { "last-event-id": "x".repeat(300) }) },
  { name: "a stranger where a role is needed", ...once("GET /own?to=1", "unauthenticated") },
  { name: "a caller without the role", ...once("GET /own?to=1", "permission_denied", bearer("bob")) },
  { name: "a caller with the role", ...once("GET /own?to=1", "complete", bearer("ann")) },
  { name: "the deadline to the first item", ...once("GET /slow?to=1", "deadline_exceeded") },
  { name: "a handler that is idle", ...once("GET /idle?to=1", "idle") },
  { name: "the longest duration", ...once("GET /longest?to=1", "longest") },
  {
    name: "a process that stops",
    run: async ({ feed, open, stop }) => {
      const reading = read(open("GET /wait?to=1"));
      await feed.begun;
      const stopped = stop();
      const text = await reading;
      feed.release();
      await stopped;
      return [text];
    },
    ends: ["stopping"],
  },
  {
    name: "a client that leaves",
    run: async ({ feed, open }) => {
      const { body } = await open("GET /wait?to=1");
      const reader = body!.getReader();
      await reader.read();
      await feed.begun;
      await reader.cancel();
      await feed.ended;
      return ["left"];
    },
    ends: ["left"],
  },
  {
    name: "the streams of one caller",
    spec: { limits: { streamsPerCaller: 1 } },
    run: async ({ feed, open }) => {
      const first = read(open("GET /mine?to=1", bearer("ann")));
      await feed.begun;
      const second = await read(open("GET /mine?to=1", bearer("ann")));
      feed.release();
      return [second, await first];
    },
    ends: ["resource_exhausted", "complete"],
  },
  {
    name: "the rate of a caller",
    spec: { rateLimit: { perSecond: 0.001, burst: 1 } },
    run: async ({ open }) => [await read(open("GET /count?to=1")), await read(open("GET /count?to=1"))],
    ends: ["complete", "resource_exhausted"],
  },
];

interface Seen {
  readonly texts: readonly string[];
  readonly signals: readonly object[];
  /** Of the process behind, where there are two. */
  readonly behind: readonly object[];
}

async function see(row: Row, processes: 1 | 2): Promise<Seen> {
  const feed = feedOf();
  const database = new MemoryDatabase();
  const common = { rateLimit: { perSecond: 0 }, development: false, ...row.spec } satisfies Partial<AppSpec>;
  const own = { ...common, authentication, surfaces: [http({ port: false })] };
  const runs: App =
    processes === 1
      ? createApp({ ...own, modules: [feed.feed], database: { open: () => database } })
      : createApp({
          ...{ ...common, modules: [feed.feed], database: { open: () => database } },
          authentication: internalCalls({ keys }),
          surfaces: [grpc({ port: 0, host: "127.0.0.1", internal: true, lock: false })],
        });
  const [signals, behind]: [Execution[], Execution[]] = [[], []];
  runs.signals.executed.on((execution) => void (processes === 1 ? signals : behind).push(execution));
  await runs.start({ keepsProcess: false });
  const front =
    processes === 1 ? runs : createApp({ ...own, modules: [remote(feed.feed, { url: runs.urls.surfaces[0] ?? "", keys, lock: false })] });
  if (front !== runs) {
    front.signals.executed.on((execution) => void signals.push(execution));
    await front.start({ keepsProcess: false });
  }
  const open = (path: string, headers = {}) => {
    const [method, target] = path.split(" ") as [string, string];
    const post = method === "POST" && {
      body: JSON.stringify({ to: 3 }),
      headers: { ...accept, ...headers, "content-type": "application/json" },
    };
    const request = new Request(`http://test${target}`, { method, headers: { ...accept, ...headers }, ...post });
    return front.fetch(request, { address: "192.0.2.1" });
  };
  try {
    const texts = await row.run({ feed, open, stop: () => runs.stop() });
    while (signals.length < row.ends.length) await front.signals.executed.next();
    // Over a network the callee learns later that its caller has left.
    while (processes === 2 && behind.length < signals.filter(({ stream }) => stream !== undefined).length)
      await runs.signals.executed.next();
    const ends = signals.map(({ stream, outcome }) => stream?.ended ?? outcome);
    assert.deepEqual(ends.toSorted(), row.ends.toSorted());
    return { texts: texts.map((text) => unmeasured(text) as string), signals: signals.map(signalOf), behind: behind.map(signalOf) };
  } finally {
    feed.release();
    await front.stop();
    await runs.stop();
  }
}

/** What is counted and noted where the handler runs stays there, and so does what a bug says. */
function seenInFront(signal: object): object {
  const {
    notes: _,
    upstreamMs: __,
    refusal: ___,
    fault,
    ...rest
  } = signal as { readonly fault?: { readonly code: string } } & Record<string, unknown>;
  return { ...rest, ...(fault && { fault: fault.code === "internal" ? fault.code : fault }) };
}

/** What the gRPC side of a stream has otherwise: the bytes of its own form, and the rest of the deadline. */
function apartFromForm(signal: object): object {
  const { stream, deadlineMs: _, ...rest } = signal as { readonly stream?: object; readonly deadlineMs?: number };
  return { ...rest, ...(stream && { stream: { ...stream, bytes: 0 } }) };
}

describe("a stream in one process and in two", () => {
  for (const row of table)
    it(row.name, async () => {
      const [one, two] = [await see(row, 1), await see(row, 2)];
      assert.deepEqual(two.texts, one.texts);
      assert.deepEqual(two.signals.map(seenInFront), one.signals.map(seenInFront));
      // The process that runs it has the same signal as if it had no other in front; what the front refuses does not get there.
      for (const signal of two.behind) {
        const of = one.signals.find((each) => (each as { outcome?: string }).outcome === (signal as { outcome?: string }).outcome);
        assert.deepEqual(apartFromForm(signal), apartFromForm(of ?? {}));
      }
    });
});
