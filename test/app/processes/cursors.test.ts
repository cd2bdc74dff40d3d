import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { it } from "node:test";
import { createApp } from "plimsoll";
import { partsOf, runtimeOf } from "../../../src/app/app.ts";
import { Channel } from "../../../src/app/processes/channel.ts";
import { SupervisorLink } from "../../../src/app/processes/link.ts";

it("a cursor of one process is good in all processes of its supervisor, and in no other", () => {
  const join = (secret: string) => {
    const app = createApp({ modules: [] });
    const channel = new Channel(Object.assign(new EventEmitter(), { connected: false }));
    const hello = { place: 1, processes: 2, urls: { surfaces: [], ops: null }, secret, tickets: secret, first: false };
    partsOf(app).join(new SupervisorLink(channel, hello));
    return runtimeOf(app).options.cursors;
  };
  const secret = partsOf(createApp({ modules: [] })).secret.toString("base64");
  const use = { operation: "a", tenant: undefined, actor: undefined, filter: {} };
  const cursor = join(secret).seal({ ...use, position: [1] });
  assert.deepEqual(join(secret).open(cursor, use), [1]);
  const other = join(partsOf(createApp({ modules: [] })).secret.toString("base64"));
  assert.throws(() => other.open(cursor, use), { type: "cursor_invalid" });
});
