// One contract over HTTP and GraphQL, with a relation: node --conditions=source examples/surfaces/graphql.ts
import { createApp, fail, fault, module, query } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { graphql, relates } from "plimsoll/graphql";
import { http } from "plimsoll/http";
import { z } from "zod";

const Guest = z.object({ id: z.string(), name: z.string() }).meta({ id: "Guest" });
const Booking = z.object({ room: z.string(), guestId: z.string() }).meta({ id: "Booking" });
const NoSuchFloor = fault("no_such_floor", { code: "not_found", details: z.object({ floors: z.int() }), message: "There are two floors." });

const listBookings = query("rooms.bookings", {
  ...{ access: "public", budget: "1s", graphql: "bookings", http: "GET /v1/bookings", faults: [NoSuchFloor] },
  ...{ input: z.object({ floor: z.coerce.number().int().max(200) }), output: z.object({ items: z.array(Booking) }) },
  run: async ({ floor }) =>
    floor > 2 ? fail(NoSuchFloor, { floors: 2 }) : { items: ["blue", "red", "green"].map((room, at) => ({ room, guestId: `G${at % 2}` })) },
});
const guestsByIds = query("rooms.guests", {
  ...{ access: "public", budget: "1s" },
  ...{ input: z.object({ ids: z.array(z.string()).max(100) }), output: z.object({ guests: z.array(Guest) }) },
  run: async ({ ids }) => ({ guests: ids.map((id) => ({ id, name: `one of ${ids.length}` })) }),
});

// Called once for all bookings of a reply, with the guests that differ.
const guest = relates({ from: Booking, field: "guest", key: "guestId", through: guestsByIds, input: "ids", items: "guests", match: "id" });

const modules = [module("rooms", { operations: [listBookings, guestsByIds] })];
const database = embedded({ directory: process.env.DATA_DIR ?? ".data/examples" });
const app = createApp({ modules, database, surfaces: [graphql({ relations: [guest] }), http({ port: 0 })] });
await app.start();

const ask = async (query: string) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${app.urls.surfaces[0]}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
  return response.text();
};
console.log(await ask("{ bookings(floor: 1) { items { room guest { id name } } } }"));
console.log((await ask("{ bookings(floor: 3) { items { room } } }")).slice(0, 50));
await app.stop();
