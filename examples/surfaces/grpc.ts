// One contract over HTTP and gRPC: node --conditions=source examples/surfaces/grpc.ts
import { createFileRegistry, type DescMessage, fromBinary, fromJson, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { action, createApp, fail, fault, module } from "plimsoll";
import { descriptorSet, grpc, protoFiles } from "plimsoll/grpc";
import { http } from "plimsoll/http";
import { z } from "zod";

const RoomFull = fault("room_full", {
  code: "failed_precondition",
  details: z.object({ room: z.string() }),
  message: ({ room }) => `${room} is full. Book another room.`,
});

const book = action("rooms.book", {
  summary: "Book a room",
  input: z.object({ room: z.string(), guests: z.int().min(1), size: z.enum(["small", "large"]).optional() }),
  output: z.object({ bookingId: z.string() }),
  faults: [RoomFull],
  ...{ access: "public", idempotent: "no", budget: "1s", http: "POST /v1/bookings" },
  run: async ({ room, guests }) => (guests > 4 ? fail(RoomFull, { room }) : { bookingId: `${room}-1` }),
});
const modules = [module("rooms", { operations: [book] })];

// Tests and prototypes number the fields by their order. Elsewhere contracts.lock.json keeps their numbers.
const lock = false;
const app = createApp({
  modules,
  surfaces: [http({ port: 0 }), grpc({ port: 0, host: "127.0.0.1", lock })],
});
await app.start();

// What a client without generated code needs is made from the same contracts.
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet({ modules, lock })));
const [request, response] = ["Request", "Response"].map((of) => registry.getMessage(`rooms.Book${of}`) as DescMessage) as [
  DescMessage,
  DescMessage,
];
const client = new Client(new URL(app.urls.surfaces[1] as string).host, credentials.createInsecure());
const call = (json: object) =>
  new Promise<string>((resolve) => {
    const encode = (message: Message) => Buffer.from(toBinary(request, message));
    const decode = (bytes: Buffer) => toJsonString(response, fromBinary(response, bytes));
    const done = (error: ServiceError | null, reply?: string) => resolve(reply ?? `${error?.code}: ${error?.details}`);
    client.makeUnaryRequest("/rooms.Rooms/Book", encode, decode, fromJson(request, json as never), done);
  });

console.log(await call({ room: "blue", guests: "2", size: "SIZE_LARGE" }));
console.log(await call({ room: "blue", guests: "9" }));
console.log(await call({ room: "blue" }));
console.log(
  protoFiles({ modules, lock })
    ["rooms.proto"]?.split("\n")
    .find((line) => line.includes("rpc")),
);
client.close();
await app.stop();
