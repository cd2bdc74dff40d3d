import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { query } from "plimsoll";
import { WebSocket } from "ws";
import { z } from "zod";
import { run } from "./app.ts";

const long = "x".repeat(200_000);
/** More than run at once, and than the buffers of a connection hold results of. */
const asked = 240;

const look = query("suite.look", {
  ...{ input: z.object({}), output: z.object({ text: z.string() }), access: "public", budget: "5s", graphql: "look" },
  run: async () => ({ text: long }),
});

describe("a WebSocket of GraphQL whose client does not read", () => {
  it("runs no query while results wait, and all of them once its client reads", { timeout: 60_000 }, async () => {
    await using running = await run([look], { graphql: { webSockets: true }, port: 0 });
    const socket = new WebSocket(`${running.app.urls.surfaces[0]!.replace("http", "ws")}/graphql/ws`, "graphql-transport-ws");
    await once(socket, "open");
    const all = completed(socket);
    socket.send(JSON.stringify({ type: "connection_init" }));
    socket.pause();
    await send(socket);
    const ran = running.executions.length;
    assert.ok(ran < 150, `${ran} of ${asked} queries ran, and their results are kept`);
    socket.resume();
    await all;
    assert.equal(running.executions.length, asked);
    socket.close();
    await once(socket, "close");
  });
});

/** Resolves when all have their results. */
function completed(socket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let count = 0;
  socket.on("close", (code, reason) => reject(new Error(`It was closed with ${code} ${String(reason)} after ${count}.`)));
  socket.on("message", (data) => {
    if (JSON.parse(String(data)).type === "complete" && ++count === asked) resolve();
  });
  promise.catch(() => undefined);
  return promise;
}

/** Sends as many as are allowed in a second, until all are sent and had the time to run. */
async function send(socket: WebSocket): Promise<void> {
  for (let sent = 0; sent < asked; sent += 80) {
    for (let n = sent; n < sent + 80; n++)
      socket.send(JSON.stringify({ type: "subscribe", id: String(n), payload: { query: "{ look { text } }" } }));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
