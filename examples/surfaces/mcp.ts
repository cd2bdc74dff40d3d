// One contract over HTTP and for agents: node --conditions=source examples/surfaces/mcp.ts
import { action, createApp, fail, fault, module } from "plimsoll";
import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { z } from "zod";

const RoomFull = fault("room_full", {
  code: "failed_precondition",
  details: z.object({ room: z.string() }),
  message: ({ room }) => `${room} is full. Book another room.`,
});

const book = action("rooms.book", {
  summary: "Book a room",
  input: z.object({ room: z.string(), guests: z.int().min(1) }),
  output: z.object({ bookingId: z.string() }),
  faults: [RoomFull],
  ...{ access: "public", idempotent: "no", budget: "1s", http: "POST /v1/bookings" },
  mcp: { destructive: false },
  run: async ({ room, guests }) => (guests > 4 ? fail(RoomFull, { room }) : { bookingId: `${room}-1` }),
});
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const plan = action("rooms.plan", {
  summary: "Show the plan of a room",
  ...{ input: z.object({ room: z.string() }), output: z.object({ room: z.string() }) },
  ...{ access: "public", idempotent: "natural", budget: "1s" },
  mcp: {
    destructive: false,
    content: ({ room }) => [
      { type: "text", text: `The plan of ${room}:` },
      { type: "image", data: dot, mimeType: "image/png" },
    ],
  },
  run: async (input) => input,
});
const clean = action("rooms.clean", {
  summary: "Clean all rooms",
  ...{ input: z.object({}), stream: z.object({ room: z.string() }), access: "public", idempotent: "natural", budget: "5s" },
  mcp: { destructive: false, log: ({ room }) => ({ level: "info", data: `${room} is clean` }) },
  async *run() {
    for (const room of ["blue", "green"]) yield { room };
  },
});
const invite = action("rooms.invite", {
  summary: "Invite a guest to a room",
  input: z.object({ room: z.string(), email: z.email() }),
  ...{ output: z.object({ sent: z.string() }), access: "public", idempotent: "no", budget: "1s" },
  mcp: { destructive: false, asks: { guest: { person: ({ room }) => `Who comes to ${room}?`, fields: ["email"] } } },
  run: async ({ email }) => ({ sent: email }),
});
const close = action("rooms.close", {
  summary: "Close a room for good",
  ...{ input: z.object({ room: z.string() }), output: z.object({}), access: "public", idempotent: "natural", budget: "1s" },
  // A person confirms it first.
  mcp: { destructive: true },
  run: async () => ({}),
});

const app = createApp({
  modules: [module("rooms", { operations: [book, close, plan, clean, invite] })],
  surfaces: [http({ port: 0 }), mcp({ instructions: "Rooms of one house." })],
});
await app.start();

/** What is read here of the results. */
interface Result {
  readonly tools: readonly {
    readonly name: string;
    readonly annotations: { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean };
  }[];
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent: { readonly bookingId: string; readonly items: readonly unknown[] };
  readonly inputRequests: Readonly<Record<string, { readonly params: { readonly message: string } }>>;
}

/** What a client of MCP 2026-07-28 sends: each request says all about itself. */
async function ask(method: string, params: Readonly<Record<string, unknown>> = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
  };
  const response = await fetch(`${app.urls.surfaces[0]}/mcp`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
      ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": method, "mcp-name": String(params.name) },
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  return ((await response.json()) as { readonly result: Result }).result;
}
const call = (name: string, args: object) => ask("tools/call", { name, arguments: args });

const { tools } = await ask("tools/list");
for (const { name, annotations } of tools)
  console.log(name, annotations.readOnlyHint ? "reads" : annotations.destructiveHint ? "destroys" : "adds");
console.log((await call("rooms.book", { room: "blue", guests: 2 })).structuredContent.bookingId);
console.log((await call("rooms.book", { room: "blue", guests: 9 })).content[0]?.text.split("\n")[0]);
console.log((await call("rooms.close", { room: "blue" })).inputRequests.confirm?.params.message);
console.log((await call("rooms.plan", { room: "blue" })).content[0]?.text);
console.log((await call("rooms.clean", {})).structuredContent.items.length, "rooms are clean");
console.log((await call("rooms.invite", { room: "blue" })).inputRequests.guest?.params.message);
await app.stop();
