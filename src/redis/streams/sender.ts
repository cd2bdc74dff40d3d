import { brokerUnavailable, untilAborted } from "../../messaging/broker-faults.ts";
import type { MessageSender, MessagingHost } from "../../operation/messaging/sender.ts";
import { closeRedis, connectRedis, redisClient, whyNotConnected } from "../connection.ts";
import { Replicas } from "./replicas.ts";
import { bodyField, keyField, type RedisStreamSpec, streamCommandMs } from "./spec.ts";

/** Makes a sender to a stream. It resolves also where the server is away. */
export async function openRedisSender(
  { url, tls, stream, maxLength, replicas = 0 }: RedisStreamSpec,
  { clock }: MessagingHost,
): Promise<MessageSender> {
  const client = await redisClient({ url, tls, clock, commandMs: streamCommandMs });
  const awaited = new Replicas(client, replicas);
  await connectRedis(client, clock);
  const trimmed = maxLength === undefined ? [] : ["MAXLEN", "~", String(maxLength)];
  const confirmed = async (command: readonly string[], signal: AbortSignal): Promise<void> => {
    if (awaited.areShort) await awaited.reached();
    signal.throwIfAborted();
    // The question is on the same connection, and so behind it.
    await Promise.all([client.sendCommand([...command]), awaited.reached()]);
  };
  return {
    async send({ key, headers, body }, signal) {
      if (!client.isReady) throw brokerUnavailable("Redis", new RangeError(whyNotConnected(client)));
      const fields = [...Object.entries(headers).flat(), keyField, key, bodyField, body];
      try {
        await untilAborted(confirmed(["XADD", stream, ...trimmed, "*", ...fields], signal), signal);
      } catch (error) {
        throw brokerUnavailable("Redis", error);
      }
    },
    close: async () => {
      closeRedis(client);
    },
  };
}
