import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createApp, override } from "plimsoll";
import type { CrashOutcome } from "plimsoll/testing";
import { Fault } from "../../src/core/fault.ts";
import type { CrashFault } from "../../src/testing/crash/boundary.ts";
import { fingerprint } from "../../src/testing/crash/boundary.ts";
import { Clones } from "../../src/testing/crash/clones.ts";
import { type Run, runOnce } from "../../src/testing/crash/run.ts";
import type { CrashWorld } from "../../src/testing/crash/world.ts";
import { changed } from "./jar/planted.ts";
import { carrier, post, sendLetter } from "./post/post.ts";

/** How long each heartbeat takes: longer than what counts as silence, so that one is under way while the scenario ends. */
const heartbeatMs = 100;
const heartbeat = `app ${fingerprint("select * from plimsoll.worker_heartbeat($1, $2, $3, $4, $5, $6, $7)")}`;

const makePost = ({ database, clock, outside }: CrashWorld) =>
  createApp({
    modules: [post],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: (asks) => asks.tenant },
    provide: [override(carrier, outside("carrier", { carry: async () => undefined }))],
    development: true,
  });

describe("the end of a run", { concurrency: 3 }, () => {
  let clones: Clones;
  before(async () => {
    clones = await Clones.open([post], undefined);
    const [found] = await clones.base.admin<{ text: string }>(
      "select pg_get_functiondef(oid) as text from pg_proc where proname = 'worker_heartbeat'",
    );
    const slow = found?.text.replace("\nbegin\n", `\nbegin\n  perform pg_catalog.pg_sleep(${heartbeatMs / 1_000});\n`);
    assert.notEqual(slow, found?.text);
    await clones.base.admin(slow ?? "");
  });
  after(() => clones[Symbol.asyncDispose]());

  /** Runs with a fault at one heartbeat; the invariants last long enough for what a heartbeat under way could still do. */
  const runWith = (fault: CrashFault, nth: number, { makeApp = makePost, judge }: Partial<Judged> = {}): Promise<Run> =>
    runOnce(
      {
        ...{ makeApp, clones, kept: undefined, withinMs: 30_000, connections: 4, downSeconds: 30, jumpSeconds: 60 },
        scenario: ({ start }) => start(sendLetter, { name: "one" }, { tenant: "acme" }),
        async invariants(outcome) {
          await outcome.database.admin("select pg_sleep($1)", [(2 * heartbeatMs) / 1_000]);
          await judge?.(outcome);
          await outcome.app.tasks.start(sendLetter, { name: "two" }, { tenant: "acme" });
        },
      },
      { boundary: `${heartbeat} ${nth}`, kind: "background", fault },
    );
  interface Judged {
    readonly makeApp: typeof makePost;
    judge(outcome: CrashOutcome<undefined>): Promise<void>;
  }

  for (const fault of ["gone-before", "gone-after", "cut-before", "cut-after", "stalled"] as const)
    for (const nth of [1, 3])
      it(`judges an app that stays, after ${fault} at heartbeat ${nth}`, async () => {
        const { struck, failure } = await runWith(fault, nth);
        assert.deepEqual({ struck, failure }, { struck: true, failure: undefined });
      });

  it("has a right clock, whenever it was set back", async () => {
    const { struck, failure } = await runWith("clock-back", 2, {
      async judge({ database }) {
        const [clock] = await database.admin<{ right: boolean }>("select plimsoll.now() >= pg_catalog.statement_timestamp() as right");
        assert.deepEqual(clock, { right: true });
      },
    });
    assert.deepEqual({ struck, failure }, { struck: true, failure: undefined });
  });

  /** An app whose database has no connection left for so many starts after the first. */
  const fullFor = (starts: number, fault: Fault) => {
    let begun = 0;
    return (world: CrashWorld) =>
      makePost({
        ...world,
        database: {
          open: (context) => {
            const database = world.database.open(context);
            const start = async () => {
              if (begun++ > 0 && begun <= 1 + starts) throw fault;
              await database.start();
            };
            return changed(database, { start });
          },
        },
      });
  };

  it("comes after as many starts as a server that is full needs (as before)", async () => {
    const full = new Fault({ code: "unavailable", type: "database_unreachable", message: "It is full." });
    const { failure } = await runWith("gone-after", 1, { makeApp: fullFor(12, full) });
    assert.equal(failure, undefined);
  });

  it("says why no instance starts any more, where that is no matter of time", async () => {
    const wrong = new Fault({ code: "internal", message: "It cannot start." });
    const { failure } = await runWith("gone-after", 1, { makeApp: fullFor(100, wrong) });
    assert.equal(failure, wrong);
  });
});
