import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp } from "plimsoll";
import { limits } from "../../../src/core/limits.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import type { Actor } from "../../../src/operation/actor.ts";
import { signedInBy } from "../../../src/operation/authentication/credentials.ts";
import type { RevocationEntry, RevocationHost, RevocationReading } from "../../../src/operation/authentication/revocations.ts";
import { Revocations, type RevocationsSpec } from "../../../src/pipeline/revocations/revocations.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const startMs = Date.UTC(2026, 0, 1);
const ann = (claims: Record<string, unknown> = {}): Actor => ({
  ...{ id: "ann", kind: "user", roles: [], tenant: "acme" },
  claims: { sid: "s1", jti: "t1", iat: startMs / 1_000, exp: startMs / 1_000 + 3_600, ...claims },
});
const revoked = (kind: RevocationEntry["kind"], id: string, more: Partial<RevocationEntry> = {}): RevocationEntry => ({
  ...{ kind, id, tenant: "", beforeMs: undefined },
  ...more,
});

/** A store that replies when the test says so. */
class Bench {
  readonly clock = new TestClock({ now: startMs });
  readonly revocations: Revocations;
  readonly readings: PromiseWithResolvers<RevocationReading>[] = [];
  readonly marks: (string | undefined)[] = [];
  host: RevocationHost | undefined;

  constructor(spec: RevocationsSpec = {}) {
    const open = (host: RevocationHost) => {
      this.host = host;
      const read = (mark: string | undefined) => {
        this.marks.push(mark);
        const reading = Promise.withResolvers<RevocationReading>();
        this.readings.push(reading);
        return reading.promise;
      };
      const service = { name: "store", start: async () => undefined, stop: async () => undefined };
      return { service, read, statement: () => ({ text: "", values: [] }) };
    };
    const { clock } = this;
    this.revocations = new Revocations(spec, { source: { open }, clock, metrics: new Metrics(), loadLines: new LoadLines(clock) });
  }

  async start(...entries: RevocationEntry[]): Promise<this> {
    const started = this.revocations.service.start();
    await turn();
    await this.reply(...entries);
    await started;
    return this;
  }

  async reply(...entries: RevocationEntry[]): Promise<void> {
    const reading = this.readings.shift();
    assert(reading !== undefined, "a reading is under way");
    reading.resolve({ mark: String(this.marks.length), whole: this.marks.at(-1) === undefined, entries });
    await turn();
  }

  /** The type of the fault with which an actor is refused; `good` where it is not. */
  async check(actor: Actor, tenant: string | undefined = "acme", address: string | undefined = "10.0.0.1"): Promise<string> {
    const execution = { actor, tenant, invocation: { address } };
    try {
      await this.revocations.check(execution, () => undefined);
      return "good";
    } catch (error) {
      return (error as { readonly type: string }).type;
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("revocations of a process", () => {
  it("refuse a session by its sid and by its jti, a user by when a token was issued, and a key", async () => {
    const keyed: Actor = { ...ann({ sid: undefined, jti: undefined, iat: undefined, exp: undefined }), id: "client" };
    signedInBy(keyed, { id: "k1", issuedAt: undefined });
    const bench = await new Bench().start(
      ...[revoked("session", "s1"), revoked("session", "t2"), revoked("key", "k1")],
      revoked("user", "ben", { beforeMs: startMs }),
    );
    assert.equal(await bench.check(ann()), "token_revoked", "sid");
    assert.equal(await bench.check(ann({ sid: undefined, jti: "t2" })), "token_revoked", "jti");
    assert.equal(await bench.check(ann({ sid: "s2" })), "good");
    assert.equal(await bench.check(keyed), "token_revoked", "key");
    const ben = (iat: number | undefined): Actor => ({ ...ann({ sid: "s2", iat, exp: undefined }), id: "ben" });
    assert.equal(await bench.check(ben(startMs / 1_000 - 1)), "token_revoked");
    assert.equal(await bench.check(ben(startMs / 1_000)), "good");
    assert.equal(await bench.check(ben(undefined)), "token_revoked", "it is not known when it was issued");
  });

  it("of a tenant concern no other tenant", async () => {
    const bench = await new Bench().start(revoked("session", "s1", { tenant: "acme" }), revoked("user", "ann", { tenant: "other" }));
    assert.equal(await bench.check(ann(), "acme"), "token_revoked");
    assert.equal(await bench.check(ann(), "third"), "good");
    assert.equal(await bench.check(ann({ sid: "s2", iat: 1, exp: 2 }), "other"), "token_revoked");
  });

  it("are no matter of callers in the process, and of those who have not signed in", async () => {
    const bench = await new Bench().start(revoked("session", "s1"));
    assert.equal(await bench.check(ann(), "acme", "10.0.0.1"), "token_revoked");
    const direct = { actor: ann(), tenant: "acme", invocation: { address: undefined } };
    assert.equal(
      bench.revocations.check(direct, () => undefined),
      undefined,
    );
  });

  it("refuse a token that is valid for longer than they are kept", async () => {
    const bench = await new Bench({ longestToken: "1h" }).start();
    assert.equal(await bench.check(ann()), "good");
    assert.equal(await bench.check(ann({ exp: startMs / 1_000 + 3_601 })), "token_invalid");
    assert.equal(await bench.check(ann({ iat: undefined })), "token_invalid", "it is not known for how long");
  });

  it("are read again before they are a second old, and at once when there is a new one", async () => {
    const bench = await new Bench().start();
    assert.equal(await bench.check(ann()), "good");
    bench.clock.advance(limits.revocationPollMs);
    assert.equal(bench.readings.length, 1);
    assert.deepEqual(bench.marks, [undefined, "1"]);
    await bench.reply(revoked("session", "s1"));
    assert.equal(await bench.check(ann()), "token_revoked");
    bench.host?.changed();
    bench.host?.changed();
    assert.equal(bench.readings.length, 1, "one reading at a time");
    await bench.reply(revoked("user", "cat", { beforeMs: startMs + 1 }));
    assert.equal(bench.readings.length, 1, "another for what came meanwhile");
    await bench.reply();
    assert.equal(await bench.check({ ...ann({ sid: "s2" }), id: "cat" }), "token_revoked", "earlier entries stay");
  });

  it("are not trusted when the process was paused: a request waits for a reading that began afterwards", async () => {
    const bench = await new Bench().start();
    bench.clock.advance(limits.revocationPollMs);
    // The reply to this reading was on its way when the process stopped; the timers of the clock did not run meanwhile.
    bench.clock.advance(60_000);
    const checked = bench.check(ann());
    await bench.reply();
    await turn();
    assert.equal(bench.readings.length, 1, "what was read before the pause is not enough");
    await bench.reply(revoked("session", "s1"));
    assert.equal(await checked, "token_revoked");
  });

  for (const [withoutList, outcome] of [
    ["refuse", "revocations_unavailable"],
    ["accept", "good"],
  ] as const)
    it(`with withoutList "${withoutList}" are ${outcome} while they cannot be read, and still refuse those that are known`, async () => {
      const bench = await new Bench({ withoutList }).start(revoked("session", "s1"));
      bench.clock.advance(limits.revocationPollMs);
      bench.readings.shift()?.reject(new Error("cut"));
      await turn();
      assert.equal(await bench.check(ann({ sid: "s2" })), "good", "what is known is not a second old");
      bench.clock.advance(100);
      assert.equal(bench.readings.length, 1, "tried again soon");
      bench.clock.advance(limits.revocationListMs - limits.revocationPollMs - 100 - 1);
      assert.equal(await bench.check(ann({ sid: "s2" })), "good");
      bench.clock.advance(1);
      assert.equal(await bench.check(ann({ sid: "s2" })), outcome);
      assert.equal(await bench.check(ann()), "token_revoked");
      await bench.reply();
      assert.equal(await bench.check(ann({ sid: "s2" })), "good");
    });

  it("are not read while no request needs them", async () => {
    const bench = await new Bench().start();
    for (let ms = 0; ms < 12_000; ms += limits.revocationPollMs) {
      bench.clock.advance(limits.revocationPollMs);
      if (bench.readings.length > 0) await bench.reply();
    }
    assert.equal(bench.clock.pending, 0);
    const checked = bench.check(ann());
    await bench.reply(revoked("session", "s1"));
    assert.equal(await checked, "token_revoked");
  });

  it("keep an app from being made that has nowhere to keep them", () => {
    assert.throws(
      () => createApp({ modules: [], revocations: {} }),
      /revocations: Revocations are kept in the database, and the app has none/,
    );
    const open = () => ({
      name: "none",
      begin: () => assert.fail(),
      ping: async () => undefined,
      start: async () => undefined,
      stop: async () => undefined,
    });
    assert.throws(() => createApp({ modules: [], revocations: {}, database: { open } }), /needs a database that keeps them/);
  });

  it("that have no room in memory are not known", async () => {
    const bench = await new Bench().start();
    bench.clock.advance(limits.revocationPollMs);
    const many = Array.from({ length: limits.revocations + 1_000 }, (_, n) => revoked("session", String(n)));
    await bench.reply(...many);
    bench.clock.advance(limits.revocationListMs);
    assert.equal(await bench.check(ann()), "revocations_unavailable");
    assert.equal(bench.marks.at(-1), undefined, "all are read again");
  });
});
