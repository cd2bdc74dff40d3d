import assert from "node:assert/strict";
import { Socket } from "node:net";
import { after, before, describe, it, mock } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { limits } from "../../../src/core/limits.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { ListeningSession } from "../../../src/postgres/listening/listening-session.ts";
import { listenForTasks } from "../../../src/postgres/tasks/listener.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";

/** Opens a session, and ends it. */
const sessions: Readonly<Record<string, (url: string) => Promise<void>>> = {
  "for a migration": (url) => withClient(url, async (client) => void (await client.query("select 1"))),
  "of a worker": async (url) => {
    const { stop } = await listenForTasks(url, { channel: "kept_alive", onNotification: () => undefined, lost: () => undefined });
    await stop();
  },
  "that listens": async (url) => {
    const session = new ListeningSession({
      ...{ name: "kept-alive", channel: "kept_alive", respondMs: 5_000, needsSession: "" },
      ...{ opened: () => undefined, notified: () => undefined },
      database: { clock: systemClock, sessionUrl: url, borrow: () => assert.fail("nothing is borrowed") },
    });
    await session.start();
    await session.stop();
  },
};

describe("a session on a connection of its own", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());

  for (const [name, open] of Object.entries(sessions))
    it(`is kept alive by the network while the server works or nothing comes: one ${name}`, async (t) => {
      const kept = mock.method(Socket.prototype, "setKeepAlive");
      t.after(() => kept.mock.restore());
      await open(database.adminUrl);
      assert.deepEqual(
        kept.mock.calls.map(({ arguments: given }) => given),
        [[true, limits.connectionProbeMs]],
      );
    });
});
