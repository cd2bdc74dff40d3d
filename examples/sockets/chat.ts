// A WebSocket with typed messages both ways. Run it with: node --conditions=source examples/sockets/chat.ts
import { once } from "node:events";
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { WebSocket } from "ws";
import { z } from "zod";

const join = action("chat.join", {
  ...{ input: z.object({ room: z.string() }), access: "public", idempotent: "no", budget: "2s", http: "GET /v1/chat/{room}" },
  stream: { item: z.object({ room: z.string(), said: z.string() }), idle: "10m" },
  receives: { message: z.object({ say: z.string().max(500) }), perSecond: 5 },
  async *run({ room }, { incoming }) {
    for await (const { say } of incoming) yield { room, said: say.toUpperCase() };
  },
});

export const app = createApp({ modules: [module("chat", { operations: [join] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  const socket = new WebSocket(`${app.urls.surfaces[0]?.replace("http", "ws")}/v1/chat/harbour`);
  await once(socket, "open");
  socket.send(JSON.stringify({ say: "ahoy" }));
  const [said] = await once(socket, "message");
  console.log(String(said));
  socket.send(JSON.stringify({ shout: "ahoy" }));
  const [code, reason] = await once(socket, "close");
  console.log(code, String(reason));
  await app.stop();
}
