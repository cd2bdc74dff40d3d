// What a sender to RabbitMQ does with many messages at once: see also the conformance of brokers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import type { MessageSender, OutgoingMessage } from "plimsoll/ports";
import { rabbitmq } from "plimsoll/rabbitmq";
import { FaultProxy } from "plimsoll/testing";
import { Connection } from "rabbitmq-client";
import { systemClock } from "../../src/core/clock.ts";
import { bindQueue, closeRabbitmq, makeQueue, rabbitmqSkip, rabbitmqUrl } from "./rabbitmq-server.ts";

const message = (n: number): OutgoingMessage => ({ id: `event-${n}`, key: `key-${n}`, type: "shop.placed", headers: {}, body: "{}" });

/** Sends so many messages at once; what the sender says of each: undefined where it is confirmed. */
const sendAll = (sender: MessageSender, count: number): Promise<readonly unknown[]> =>
  Promise.all(
    Array.from({ length: count }, (_, n) => sender.send(message(n), AbortSignal.timeout(15_000)).catch((error: unknown) => error)),
  );

describe("a sender to RabbitMQ", { skip: rabbitmqSkip }, () => {
  after(closeRabbitmq);

  it("confirms no message that no queue took, however many are sent at once, and each of them once a queue is bound", async () => {
    const queue = await makeQueue();
    const sender = await rabbitmq({ url: rabbitmqUrl, queue, exchange: "amq.direct", routingKey: queue }).openSender({
      clock: systemClock,
    });
    try {
      for (let round = 0; round < 3; round++) {
        const outcomes = await sendAll(sender, 100);
        assert.equal(outcomes.filter((outcome) => outcome === undefined).length, 0, "messages are confirmed that no queue took");
        assert(outcomes.every((outcome) => String(outcome).includes("no queue is bound")));
      }
      await bindQueue(queue, "amq.direct", queue);
      const outcomes = await sendAll(sender, 100);
      assert.deepEqual(
        outcomes.filter((outcome) => outcome !== undefined),
        [],
      );
    } finally {
      await sender.close();
    }
  });

  it("opens one channel for all that is sent at once, and one after each loss of the connection", async (t) => {
    const { hostname, port } = new URL(rabbitmqUrl);
    const proxy = new FaultProxy({ host: hostname, port: Number(port || 5_672) });
    await proxy.start();
    const queue = await makeQueue();
    const acquire = t.mock.method(Connection.prototype, "acquire");
    const sender = await rabbitmq({ url: proxy.through(rabbitmqUrl), queue }).openSender({ clock: systemClock });
    try {
      assert.deepEqual(
        (await sendAll(sender, 200)).filter((outcome) => outcome !== undefined),
        [],
      );
      assert.equal(acquire.mock.callCount(), 1);
      const closed = once(await acquire.mock.calls[0]!.result!, "close");
      proxy.down();
      await closed;
      proxy.up();
      assert.deepEqual(
        (await sendAll(sender, 200)).filter((outcome) => outcome !== undefined),
        [],
      );
      assert.equal(acquire.mock.callCount(), 2);
    } finally {
      await sender.close();
      await proxy.stop();
    }
  });
});
