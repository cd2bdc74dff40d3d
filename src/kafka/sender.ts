import { brokerUnavailable, untilAborted } from "../messaging/broker-faults.ts";
import type { MessageSender } from "../operation/messaging/sender.ts";
import { clientOptions, type KafkaSpec, kafkaFault, loadKafka } from "./client.ts";

/** Makes a sender that waits for all replicas in sync. It resolves also where the brokers are away. */
export async function openKafkaSender(spec: KafkaSpec): Promise<MessageSender> {
  const { Producer, ProduceAcks } = await loadKafka();
  const { topic } = spec;
  const producer = new Producer(clientOptions(spec, "plimsoll-relay"));
  return {
    async send({ headers: given, key, body }, signal) {
      const headers = new Map(Object.entries(given).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const));
      const messages = [{ topic, key: Buffer.from(key), value: Buffer.from(body), headers }];
      try {
        await untilAborted(producer.send({ messages, acks: ProduceAcks.ALL }), signal);
      } catch (error) {
        const fault = kafkaFault(error, topic);
        // A topic may be made later: the message waits for it.
        throw fault.code === "failed_precondition" ? brokerUnavailable("Kafka", new RangeError(fault.message)) : fault;
      }
    },
    close: async () => void (await producer.close().catch(() => undefined)),
  };
}
