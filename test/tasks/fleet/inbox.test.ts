import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { Inbox, type InboxOptions } from "../../../src/tasks/worker/inbox.ts";

describe("the inbox of a worker that stops while it connects", () => {
  it("lets go of the connection that it gets after that, which would keep the process", async () => {
    const connected = Promise.withResolvers<void>();
    let stopped = 0;
    const store: InboxOptions["store"] = {
      listen: async () => {
        await connected.promise;
        return { channel: "of the test", stop: () => void stopped++ };
      },
      announce: async () => undefined,
      release: async () => undefined,
      notifyQueues: () => undefined,
    };
    const inbox = new Inbox({
      ...{ store, clock: systemClock, token: () => 1, isOpen: () => true, due: () => undefined },
      queues: {} as InboxOptions["queues"],
      runner: { cancel: () => false, releaseSuspects: () => undefined },
      failed: (error) => assert.fail(String(error)),
    });
    const opened = inbox.open();
    inbox.close();
    connected.resolve();
    await opened;
    assert.equal(stopped, 1);
  });
});
