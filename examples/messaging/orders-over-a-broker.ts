// A service that sends its events to a broker, and one that receives them. Run it with: node --conditions=source examples/messaging/orders-over-a-broker.ts
// With NATS_URL=nats://127.0.0.1:4222 it uses the stream SHOP of that server, and otherwise a broker in memory.
import { command, createApp, event, module, relay, subscription } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { nats } from "plimsoll/nats";
import { MemoryBroker } from "plimsoll/testing";
import { z } from "zod";

const url = process.env.NATS_URL;
const bus = url === undefined ? new MemoryBroker() : nats({ servers: url, stream: "SHOP", subject: "shop.orders" });

const orderPlaced = event("orders.placed", {
  data: z.object({ orderId: z.uuid(), customer: z.string() }),
  key: ({ customer }) => customer,
});

const placeOrder = command("orders.place", {
  input: z.object({ customer: z.string() }),
  output: z.object({ orderId: z.uuid() }),
  access: "public",
  idempotent: "no",
  budget: "1s",
  emits: [orderPlaced],
  async run({ customer }, { newId, emit }) {
    const orderId = newId();
    emit(orderPlaced, { orderId, customer });
    return { orderId };
  },
});

// It sends after the commit, in the order of each key, and continues where it was after any crash.
const toBus = relay("orders.to-bus", { on: [orderPlaced], to: bus });

const orders = module("orders", { operations: [placeOrder, toBus], events: [orderPlaced] });

const ship = subscription("shipping.on-placed", {
  on: [orderPlaced],
  from: bus,
  budget: "5s",
  async run({ orderId, customer }, { commit }) {
    // The shipment and the end of the message are one transaction: a message that comes twice ships once.
    await commit(({ sql }) => sql`insert into shipping.shipments (order_id, customer) values (${orderId}, ${customer})`.run());
  },
});

const shipping = module("shipping", {
  schema: "shipping",
  migrations: new URL("./shipping/", import.meta.url),
  operations: [ship],
});

if (import.meta.main) {
  const database = embedded({ directory: process.env.DATA_DIR ?? ".data/examples" });
  // Two services would be two apps, each with its own database: here both are modules of one.
  const app = createApp({ modules: [orders, shipping], database });
  await app.start();
  const shipped = app.events.signals.handled.next(({ subscription: by, outcome }) => by === "shipping.on-placed" && outcome === "done");
  await app.call(placeOrder, { customer: "ada@example.com" });
  await shipped;
  console.log("shipped to ada@example.com");
  const [relayed] = await app.messaging.relays();
  console.log(`${relayed?.name}: ${relayed?.stopped} stopped`);
  await app.stop();
}
