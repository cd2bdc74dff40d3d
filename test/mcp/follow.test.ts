// Resources whose changes clients follow, in both eras.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { App } from "plimsoll";
import { query, signedIn } from "plimsoll";
import { z } from "zod";
import { type Running, run } from "./app.ts";
import { begin, from } from "./ask.ts";
import { ann, bob } from "./operations.ts";

/** Changes that tests make. */
class Changes {
  readonly #waiting = new Set<() => void>();
  #begun = Promise.withResolvers<void>();

  async *of(signal: AbortSignal): AsyncGenerator<{ at: number }> {
    for (let at = 1; ; at++) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#begun.resolve();
      try {
        await promise;
      } finally {
        this.#waiting.delete(resolve);
      }
      yield { at };
    }
  }

  get followers(): number {
    return this.#waiting.size;
  }

  begun(): Promise<void> {
    this.#begun = Promise.withResolvers<void>();
    return this.#begun.promise;
  }

  make(): void {
    for (const resolve of this.#waiting) resolve();
  }
}

const changes = new Changes();
const Order = z.object({ orderId: z.string() });
const watch = query("suite.watch", {
  ...{ input: Order, stream: z.object({ at: z.int() }), access: signedIn(), budget: "5s" },
  async *run(_input, { open, signal }) {
    open();
    yield* changes.of(signal);
  },
});
const order = query("suite.order", {
  ...{ input: Order, output: Order, access: signedIn(), budget: "5s", mcp: { resource: "orders://{orderId}", updates: watch } },
  run: async (input) => input,
});
const still = query("suite.still", {
  ...{ input: z.object({}), output: z.object({}), access: "public", budget: "5s", mcp: { resource: "orders://all/of" } },
  run: async () => ({}),
});

let running: Running;
before(async () => {
  running = await run([watch, order, still], { mcp: { limits: { subscriptions: 2, followingSessions: 2 } } });
});
after(() => running[Symbol.asyncDispose]());

type Head = Readonly<Record<string, string>>;

interface Message {
  readonly method?: string;
  readonly result?: { readonly _meta: Readonly<Record<string, unknown>> };
  readonly error?: { readonly code: number };
}

/** The messages of a reply of events, one by one, until its client leaves. */
function read(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  async function next(): Promise<Message | undefined> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data !== undefined) return JSON.parse(data);
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += new TextDecoder().decode(value);
    }
  }
  async function all(): Promise<Message[]> {
    const messages: Message[] = [];
    for (let message = await next(); message !== undefined; message = await next()) messages.push(message);
    return messages;
  }
  return { next, all, leave: () => reader.cancel() };
}

async function listen(app: App, uris: readonly string[], headers: Head = ann): Promise<Response> {
  const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  const params = { notifications: { toolsListChanged: true, resourceSubscriptions: uris }, _meta };
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
      ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen", ...headers },
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 9, method: "subscriptions/listen", params }),
  });
  return app.fetch(request, { address: "192.0.2.1" });
}

const idField = "io.modelcontextprotocol/subscriptionId";

describe("a client of 2026-07-28", () => {
  it("finds that resources can be followed", async () => {
    const { result } = await from(running.app).modern("server/discover");
    assert.deepEqual(result.capabilities.resources, { subscribe: true });
  });

  it("reads first what is followed, then each change, until it leaves", async () => {
    const begun = changes.begun();
    const messages = read(await listen(running.app, ["orders://7", "orders://all/of"]));
    const first = await messages.next();
    assert.deepEqual(first, {
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { resourceSubscriptions: ["orders://7"] }, _meta: { [idField]: 9 } },
    });
    await begun;
    changes.make();
    const second = await messages.next();
    assert.deepEqual(second, {
      jsonrpc: "2.0",
      method: "notifications/resources/updated",
      params: { uri: "orders://7", _meta: { [idField]: 9 } },
    });
    await messages.leave();
    assert.equal(running.executions.at(-1)?.operation, "suite.watch");
    assert.equal(changes.followers, 0);
  });

  it("gets an end where there is nothing to follow", async () => {
    const messages = await read(await listen(running.app, [])).all();
    assert.deepEqual(
      messages.map(({ method, result }) => method ?? result?._meta[idField]),
      ["notifications/subscriptions/acknowledged", 9],
    );
  });

  it("is refused what its streams refuse, and more than it may follow", async () => {
    const stranger = await read(await listen(running.app, ["orders://7"], {})).all();
    assert.equal(stranger.at(-1)?.error?.code, 401);
    for (const [uris, code] of [
      [["none://"], -32_602],
      [["orders://1", "orders://2", "orders://3"], 429],
    ] as const)
      assert.equal(((await (await listen(running.app, uris)).json()) as Message).error?.code, code);
    const plain = await listen(running.app, ["orders://7"], { ...ann, accept: "application/json" });
    assert.equal(((await plain.json()) as Message).error?.code, -32_600);
  });
});

describe("a client in a session", () => {
  const events = async (headers: Head) =>
    running.app.fetch(new Request("http://localhost/mcp", { headers: { ...headers, accept: "text/event-stream" } }), {
      address: "192.0.2.1",
    });
  const subscribe = (uri: string, headers: Head, method = "subscribe") =>
    from(running.app).legacy(`resources/${method}`, { uri }, { headers });

  it("reads of each change by the events that belong to no request", async () => {
    const headers = await begin(running.app, ann);
    assert.deepEqual((await subscribe("orders://7", headers)).result, {});
    assert.deepEqual((await subscribe("orders://7", headers)).result, {});
    const begun = changes.begun();
    const messages = read(await events(headers));
    await begun;
    changes.make();
    assert.deepEqual(await messages.next(), {
      jsonrpc: "2.0",
      method: "notifications/resources/updated",
      params: { uri: "orders://7" },
    });
    const more = changes.begun();
    await subscribe("orders://8", headers);
    await more;
    assert.equal(changes.followers, 2);
    assert.deepEqual((await subscribe("orders://8", headers, "unsubscribe")).result, {});
    await messages.leave();
    assert.equal(changes.followers, 0);
  });

  it("has one reply of events at once, and what the earlier one followed ends", async () => {
    const headers = await begin(running.app, ann);
    await subscribe("orders://7", headers);
    const begun = changes.begun();
    const first = read(await events(headers));
    const ended = first.all();
    await begun;
    const again = changes.begun();
    const second = read(await events(headers));
    assert.deepEqual(await ended, []);
    await again;
    assert.equal(changes.followers, 1);
    changes.make();
    assert.equal((await second.next())?.method, "notifications/resources/updated");
    await second.leave();
  });

  it("is refused another caller's session, an unknown resource, and more than it may follow", async () => {
    const headers = await begin(running.app, ann);
    assert.equal((await events({ ...headers, ...bob })).status, 404);
    assert.equal((await events(ann)).status, 405);
    assert.equal((await subscribe("none://", headers)).error.code, -32_002);
    assert.equal((await subscribe("orders://all/of", headers)).error.code, -32_602);
    for (const at of [1, 2]) assert.deepEqual((await subscribe(`orders://${at}`, headers)).result, {});
    assert.equal((await subscribe("orders://3", headers)).error.data.type, "urn:plimsoll:mcp_subscriptions_exhausted");
    const [other, third] = [await begin(running.app, ann), await begin(running.app, ann)];
    const open = [read(await events(headers)), read(await events(other))];
    assert.equal((await events(third)).status, 429);
    await Promise.all(open.map((messages) => messages.leave()));
  });
});

it("ends what is followed when the app stops", async () => {
  const stopping = await run([watch, order]);
  const headers = await begin(stopping.app, ann);
  const response = await stopping.app.fetch(new Request("http://localhost/mcp", { headers: { ...headers, accept: "text/event-stream" } }), {
    address: "192.0.2.1",
  });
  const messages = read(response).all();
  await stopping.app.stop();
  assert.deepEqual(await messages, []);
});
