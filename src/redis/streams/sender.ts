import { brokerUnavailable, untilAborted } from "../../messaging/broker-faults.ts";
import type { MessageSender, MessagingHost } from "../../operation/messaging/sender.ts";
import { closeRedis, connectRedis, redisClient, whyNotConnected } from "../connection.ts";
import { bodyField, keyField, type RedisStreamSpec, streamCommandMs } from "./spec.ts";

/** Makes a sender to a stream. It resolves also where the server is away. */
export async function openRedisSender(
  { url, tls, stream, maxLength, replicas = 0 }: RedisStreamSpec,
  { clock }: MessagingHost,
): Promise<MessageSender> {
  const client = await redisClient({ url, tls, clock, commandMs: streamCommandMs });
  await connectRedis(client, clock);
  const trimmed = maxLength === undefined ? [] : ["MAXLEN", "~", String(maxLength)];
  const confirmed = async (command: readonly string[]): Promise<void> => {
    const added = client.sendCommand([...command]);
    // On the same connection, and so behind it.
    const waited = replicas > 0 ? client.sendCommand(["WAIT", String(replicas), String(streamCommandMs / 2)]) : undefined;
    await Promise.all([added, waited]);
    const reached = Number(await waited);
    if (reached < replicas) throw new RangeError(`${reached} of ${replicas} replicas have the message`);
  };
  return {
    async send({ key, headers, body }, signal) {
      if (!client.isReady) throw brokerUnavailable("Redis", new RangeError(whyNotConnected(client)));
      const fields = [...Object.entries(headers).flat(), keyField, key, bodyField, body];
      try {
        await untilAborted(confirmed(["XADD", stream, ...trimmed, "*", ...fields]), signal);
      } catch (error) {
        throw brokerUnavailable("Redis", error);
      }
    },
    close: async () => {
      closeRedis(client);
    },
  };
}
