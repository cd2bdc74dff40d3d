// One module in a process of its own, and who calls it there: node --conditions=source examples/surfaces/services.ts
import { action, createApp, fail, fault, module } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { internalCalls, remote } from "plimsoll/remote";
import { z } from "zod";

const RoomFull = fault("room_full", {
  code: "failed_precondition",
  details: z.object({ room: z.string() }),
  message: ({ room }) => `${room} is full. Book another room.`,
});

const book = action("rooms.book", {
  summary: "Book a room",
  input: z.object({ room: z.string(), guests: z.int().min(1) }),
  output: z.object({ booking: z.string() }),
  faults: [RoomFull],
  ...{ access: "public", idempotent: "no", budget: "1s" },
  run: async ({ room, guests }, { actor }) => (guests > 4 ? fail(RoomFull, { room }) : { booking: `${room} for ${actor.id}` }),
});
const rooms = module("rooms", { operations: [book] });

// The same secret in both services; make one with: openssl rand -base64 48
const keys = [{ id: "2026-11", secret: "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1" }];
// Tests and prototypes number the fields by their order. Elsewhere contracts.lock.json keeps their numbers.
const lock = false;

const service = createApp({
  service: { name: "rooms" },
  modules: [rooms],
  authentication: internalCalls({ keys }),
  surfaces: [grpc({ port: 0, host: "127.0.0.1", internal: true, lock })],
});
await service.start();
const url = service.urls.surfaces[0] as string;

const app = createApp({
  service: { name: "gateway" },
  modules: [remote(rooms, { url, keys, lock })],
});
await app.start();

const actor = { id: "ann", kind: "user", roles: [], tenant: undefined, claims: {} } as const;
console.log((await app.call(book, { room: "blue", guests: 2 }, { actor })).booking);
const refused = await app.call(book, { room: "blue", guests: 9 }, { actor }).catch((error: unknown) => error);
if (refused instanceof RoomFull) console.log(refused.code, refused.type, refused.details.room);

await service.stop();
const gone = await app.call(book, { room: "blue", guests: 2 }, { actor }).catch((error: unknown) => error);
console.log((gone as { readonly type: string }).type);
await app.stop();
