import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestClock } from "plimsoll/testing";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import { compileSchema } from "../../../src/core/schema.ts";
import { Inbox } from "../../../src/pipeline/stream/inbox.ts";

const perSecond = 50;
const bytes = Buffer.from("{}");

function open() {
  const clock = new TestClock();
  const message = compileSchema(z.object({}), "test", "request");
  const inbox = new Inbox({ message, bytesMax: 100, perSecond, protocols: [] }, clock, {
    asked: () => undefined,
    drained: () => undefined,
  });
  /** How many messages are accepted, at most so many. */
  const take = async (most: number, isRead: boolean) => {
    for (let n = 0; n < most; n++) {
      if (inbox.accept(bytes) !== undefined) return n;
      if (isRead) await inbox.next();
    }
    return most;
  };
  return { clock, inbox, take };
}

describe("the rate of a WebSocket's messages", () => {
  it("counts what came while nothing was read for the time in which it was sent", async () => {
    const { clock, inbox, take } = open();
    assert.equal(await take(limits.webSocketWaiting, false), limits.webSocketWaiting);
    await clock.advance(4_000);
    for (let n = 0; n < limits.webSocketWaiting; n++) await inbox.next();
    assert.equal(await take(10_000, true), 5 * perSecond - limits.webSocketWaiting);
  });

  it("does not count time in which messages were read", async () => {
    const { clock, inbox, take } = open();
    assert.equal(await take(10_000, true), perSecond);
    await clock.advance(60_000);
    assert.equal(await take(limits.webSocketWaiting, false), limits.webSocketWaiting);
    await clock.advance(2_000);
    for (let n = 0; n < limits.webSocketWaiting; n++) await inbox.next();
    await clock.advance(60_000);
    assert.equal(await take(10_000, true), perSecond);
  });
});
