import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Outbox } from "../../src/http/reply/outbox.ts";

/** A response that notes what it has to send. */
function reply(body: string, sent: string[], destroyed = false) {
  const response = { destroyed, end: (text: string) => void sent.push(text) };
  return { response: response as unknown as ServerResponse, head: "HTTP/1.1 200 OK\r\n\r\n", body, encoding: "latin1" } as const;
}

describe("an outbox (as before)", () => {
  it("holds the replies of a turn, and hands them over in order before the next one", async () => {
    const sent: string[] = [];
    const outbox = new Outbox();
    for (const body of ["a", "b"]) outbox.push(reply(body, sent));
    assert.deepEqual(sent, []);
    const next = turn();
    await next;
    assert.deepEqual(sent, ["a", "b"]);
    outbox.push(reply("c", sent));
    await turn();
    assert.deepEqual(sent, ["a", "b", "c"]);
  });

  it("hands over at once what is more than it holds", () => {
    const sent: string[] = [];
    const outbox = new Outbox();
    for (let i = 0; i < 33; i++) outbox.push(reply(`${i}`, sent));
    assert.equal(sent.length, 32);
  });

  it("sends nothing on a connection that is gone", () => {
    const sent: string[] = [];
    const outbox = new Outbox();
    outbox.push(reply("gone", sent, true));
    outbox.flush();
    assert.deepEqual(sent, []);
  });
});
