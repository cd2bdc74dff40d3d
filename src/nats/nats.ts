import type { ReceiverSource } from "../operation/messaging/receiver.ts";
import type { SenderSource } from "../operation/messaging/sender.ts";
import { loadJetStream, loadTransport, type NatsSpec } from "./connection.ts";
import { openNatsReceiver } from "./receiver.ts";
import { NatsSender } from "./sender.ts";

/**
 * Sends to, and receives from, a stream of NATS JetStream. It needs the packages `@nats-io/transport-node` and `@nats-io/jetstream`, and a server from 2.9 on.
 *
 * The position of a receiver is in the database, not in the server: it reads with a consumer of its own that is gone with it.
 * *Guarantees*: a message is sent once the server has stored it, which it may still lose: see the guide. Messages come in the order of the stream.
 * @example const bus = nats({ servers: "nats://bus:4222", stream: "SHOP", subject: "shop.orders" });
 */
export function nats(spec: NatsSpec): SenderSource & ReceiverSource {
  return {
    broker: "nats",
    openSender: async () => {
      await Promise.all([loadTransport(), loadJetStream()]);
      return new NatsSender(spec);
    },
    openReceiver: (host) => openNatsReceiver(spec, host),
  };
}
