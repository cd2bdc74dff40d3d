import assert from "node:assert";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";

/** The NATS that tests run on. */
export const natsUrl = process.env.NATS_URL ?? "nats://127.0.0.1:4222";

async function opens(): Promise<NatsConnection | undefined> {
  try {
    const connection = await connect({ servers: natsUrl, timeout: 20_000, reconnect: false });
    // Refused where JetStream is off.
    await (await jetstreamManager(connection)).getAccountInfo();
    return connection;
  } catch {
    assert(
      process.env.CI !== "true",
      `No NATS with JetStream responds at ${natsUrl}: start nats-server -js, or unset CI to skip its tests.`,
    );
    return undefined;
  }
}

const connection = await opens();

/** Why its tests are skipped, where there is none. */
export const natsSkip = connection !== undefined ? false : `no NATS with JetStream at ${natsUrl}`;

let streams = 0;
const made: string[] = [];

/** Makes a stream of its own, in memory. */
export async function makeStream(): Promise<{ readonly stream: string; readonly subject: string }> {
  const stream = `TEST_${process.pid}_${streams++}`;
  made.push(stream);
  const subject = `test.${process.pid}.${streams}`;
  const manager = await jetstreamManager(connection as NatsConnection);
  await manager.streams.add({ name: stream, subjects: [subject], storage: "memory" as never });
  return { stream, subject };
}

/** Removes a stream, as where a server has lost it. */
export async function dropStream(stream: string): Promise<void> {
  await (await jetstreamManager(connection as NatsConnection)).streams.delete(stream);
}

/** Removes the streams of the tests, and disconnects. */
export async function closeNats(): Promise<void> {
  for (const stream of made.splice(0)) await dropStream(stream).catch(() => undefined);
  await connection?.close();
}
