import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { brokerUnavailable, loadPackage } from "../messaging/broker-faults.ts";

/** Where a NATS is. */
export interface NatsAddress {
  /** As in `nats://host:4222`, or several for a cluster. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Encrypts, also where the server does not ask for it. *Default*: as the server asks. */
  readonly tls?: boolean;
  /** How long a server may take to confirm. *Default*: 5 s. */
  readonly timeoutMs?: number;
}

/** What `nats` takes: where the server is, and which stream of JetStream. */
export interface NatsSpec extends NatsAddress {
  /** The stream. It has to exist, with `subject` among its subjects. */
  readonly stream: string;
  /** Where messages are sent, and, which may have wildcards, what is received. */
  readonly subject: string;
}

const natsPackages = "@nats-io/transport-node @nats-io/jetstream";
/** Loads the client of the server. *Faults thrown*: as `loadPackage`. */
export const loadTransport = (): Promise<typeof import("@nats-io/transport-node")> =>
  loadPackage("plimsoll/nats", natsPackages, () => import("@nats-io/transport-node"));
/** Loads the client of JetStream. *Faults thrown*: as `loadPackage`. */
export const loadJetStream = (): Promise<typeof import("@nats-io/jetstream")> =>
  loadPackage("plimsoll/nats", natsPackages, () => import("@nats-io/jetstream"));

/** A connection with its JetStream, and the packages that they are of. */
export interface OpenNats {
  readonly transport: typeof import("@nats-io/transport-node");
  readonly jetstream: typeof import("@nats-io/jetstream");
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** How long a server may take. *Units*: milliseconds. */
export const defaultTimeoutMs = 5_000;

/** Connects; from then on the client connects again by itself, until a server refuses it twice: then it is closed. *Faults thrown*: `unavailable` of type `broker_unavailable`. */
export async function connectNats({ servers, user, password, token, tls, timeoutMs = defaultTimeoutMs }: NatsAddress): Promise<OpenNats> {
  const [transport, jetstream] = [await loadTransport(), await loadJetStream()];
  let connection: NatsConnection | undefined;
  try {
    connection = await transport.connect({
      ...{
        servers: typeof servers === "string" ? servers : [...servers],
        timeout: timeoutMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
      },
      // An error for each message, in case it is needed, would cost more than to send it.
      noAsyncTraces: true,
      // A server that is gone without a word is noticed by these.
      ...{ pingInterval: 5_000, maxPingOut: 2, ignoreServerUpdates: true },
      ...(user !== undefined && { user }),
      ...(password !== undefined && { pass: password }),
      ...(token !== undefined && { token }),
      ...(tls === true && { tls: {} }),
    });
    const manager = await jetstream.jetstreamManager(connection, { checkAPI: false, timeout: timeoutMs });
    return { transport, jetstream, connection, client: jetstream.jetstream(connection, { timeout: timeoutMs }), manager };
  } catch (error) {
    await connection?.close().catch(() => undefined);
    throw brokerUnavailable("NATS", error);
  }
}
