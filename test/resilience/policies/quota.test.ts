import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { constant } from "../../../src/resilience/backoff.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { idempotent } from "../../../src/resilience/policies/policy.ts";
import { readQuotaHeaders } from "../../../src/resilience/policies/quota/lesson.ts";
import { type QuotaLearnt, quota } from "../../../src/resilience/policies/quota/quota.ts";
import { MemoryQuotas } from "../../../src/resilience/policies/quota/store.ts";
import { retry } from "../../../src/resilience/policies/retry/retry.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, faultOf, settled } from "./scripted.ts";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A callee with fixed windows that says what it counts, in whole seconds as the field does. */
class Callee {
  readonly #clock: TestClock;
  readonly #limit: number;
  readonly #windowMs: number;
  #window = -1;
  #used = 0;
  refused = 0;
  answered = 0;

  constructor(clock: TestClock, limit: number, windowSeconds: number) {
    this.#clock = clock;
    this.#limit = limit;
    this.#windowMs = windowSeconds * 1_000;
  }

  answer(style: "ratelimit" | "older" | "retry-after"): Reply {
    const now = this.#clock.monotonic();
    const window = Math.floor(now / this.#windowMs);
    if (window !== this.#window) this.#used = 0;
    this.#window = window;
    const isRefused = this.#used >= this.#limit;
    if (isRefused) this.refused++;
    else this.answered++;
    if (!isRefused) this.#used++;
    const reset = String(Math.ceil(((window + 1) * this.#windowMs - now) / 1_000));
    const left = String(this.#limit - this.#used);
    const headers: Record<string, string> = {};
    if (style === "ratelimit") {
      headers.ratelimit = `"default";r=${left};t=${reset}`;
      headers["ratelimit-policy"] = `"default";q=${this.#limit};w=${this.#windowMs / 1_000}`;
    } else if (style === "older") {
      Object.assign(headers, { "x-ratelimit-limit": String(this.#limit), "x-ratelimit-remaining": left, "x-ratelimit-reset": reset });
    }
    if (isRefused) headers["retry-after"] = reset;
    return { status: isRefused ? 429 : 200, headers };
  }
}

describe("quota", () => {
  it("a callee that says what is left is never asked for more, one that says only when to come back refuses once a window", () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom<"ratelimit" | "older" | "retry-after">("ratelimit", "older", "retry-after"),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.nat(400), { minLength: 1, maxLength: 300 }),
        async (style, limit, windowSeconds, waits) => {
          const clock = new TestClock();
          const callee = new Callee(clock, limit, windowSeconds);
          const policy = quota({ clock });
          for (const waitMs of waits) {
            const before = callee.refused + callee.answered;
            const one = await settled(
              clock,
              policy.run(() => callee.answer(style)),
            );
            const wasAsked = callee.refused + callee.answered > before;
            assert.equal(endOf(one), wasAsked ? "well" : "upstream_quota");
            clock.advance(waitMs);
          }
          const windows = Math.floor(clock.monotonic() / (windowSeconds * 1_000)) + 1;
          assert.ok(callee.refused <= (style === "retry-after" ? windows : 0), `${callee.refused} refused in ${windows} windows`);
        },
      ),
    ));

  it("a learnt quota is shared by the fleet: callers of one store together ask for no more than the callee said is left to any of them", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.record({ waitMs: fc.nat(400), by: fc.nat(3) }), { minLength: 1, maxLength: 200 }),
        async (limit, windowSeconds, steps) => {
          const clock = new TestClock();
          const callee = new Callee(clock, limit, windowSeconds);
          const store = new MemoryQuotas();
          const fleet = Array.from({ length: 4 }, () => quota({ store, clock }));
          let refused = 0;
          for (const { waitMs, by } of steps) {
            clock.advance(waitMs);
            const asked = callee.answered + callee.refused;
            const { thrown } = await settled(
              clock,
              fleet[by]!.run(() => callee.answer("ratelimit"), { key: "a" }),
            );
            if (thrown === undefined) continue;
            refused++;
            assert.equal(callee.answered + callee.refused, asked, "it was refused here and asked all the same");
          }
          // What one has learnt holds for the others: the callee had to refuse none of them.
          assert.equal(callee.refused, 0);
          assert.equal(refused + callee.answered, steps.length);
        },
      ),
    ));

  it("none is called before the time that a refusal gave, whatever other replies say; each key has its own", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ waitMs: fc.nat(3_000), key: fc.constantFrom("a", "b"), retryAfter: fc.option(fc.nat(5)), remaining: fc.nat(10) }),
        ),
        async (replies) => {
          const clock = new TestClock();
          const policy = quota({ clock });
          const blocked = new Map<string, number>();
          for (const { waitMs, key, retryAfter, remaining } of replies) {
            clock.advance(waitMs);
            const headers = { "x-ratelimit-remaining": String(remaining + 1), "x-ratelimit-reset": "60" };
            const work = () => {
              assert.ok(clock.monotonic() >= (blocked.get(key) ?? 0), "called too early");
              if (retryAfter !== null) blocked.set(key, clock.monotonic() + retryAfter * 1_000);
              return { headers: retryAfter === null ? headers : { ...headers, "retry-after": String(retryAfter) } };
            };
            const end = endOf(await settled(clock, policy.run(work, { key })));
            assert.ok(end === "well" || end === "upstream_quota", end);
          }
        },
      ),
    ));

  it("within a window no more calls than any lesson left, however late and out of order the lessons come, and after it no more than the limit", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.record({ waitMs: fc.nat(300), takes: fc.nat(4), remaining: fc.option(fc.nat(20)), earlyMs: fc.nat(400) }), {
          minLength: 1,
        }),
        (limit, steps) => {
          const store = new MemoryQuotas();
          const endsAt = 5_000;
          let now = 0;
          // The first lesson is in time, later ones say a reset that is up to 400 ms too early.
          store.teach("", { limit, windowMs: 10_000, remaining: 20, resetMs: endsAt }, now);
          const lessons = [{ remaining: 20, taken: 0 }];
          const take = () => store.take("", now) === 0;
          for (const { waitMs, takes, remaining, earlyMs } of steps) {
            now += waitMs;
            if (now >= endsAt - 500) break;
            if (remaining !== null) store.teach("", { remaining, resetMs: endsAt - earlyMs - now }, now);
            if (remaining !== null) lessons.push({ remaining, taken: 0 });
            for (let n = 0; n < takes; n++) if (take()) for (const lesson of lessons) lesson.taken++;
          }
          now = endsAt - 1;
          for (let n = 0; n < 30; n++) if (take()) for (const lesson of lessons) lesson.taken++;
          for (const lesson of lessons) assert.ok(lesson.taken <= lesson.remaining, `${lesson.taken} of ${lesson.remaining} left`);
          now = endsAt;
          assert.equal(Array.from({ length: 30 }, take).filter(Boolean).length, limit);
        },
      ),
    ));

  it("an earlier refusal holds where a later one asks for less", () => {
    const store = new MemoryQuotas();
    store.teach("", { retryAfterMs: 10_000 }, 0);
    store.teach("", { retryAfterMs: 1_000 }, 0);
    assert.deepEqual([store.take("", 5_000), store.take("", 10_000)], [5_000, 0]);
  });

  it("learns also from what is thrown, says so, and a retry around it comes back in time", async () => {
    const clock = new TestClock();
    const limited = quota({ clock });
    const facts: QuotaLearnt[] = [];
    limited.learnt.on((fact) => facts.push(fact));
    const at: number[] = [];
    const work = idempotent(() => {
      at.push(clock.monotonic());
      if (at.length === 1) throw faultOf("resource_exhausted", 3_000);
      return "well";
    });
    const end = settled(clock, compose(retry({ backoff: constant("10ms"), clock }), limited).run(work, { key: "github" }));
    await clock.advanceAsync(10);
    const other = await settled(
      clock,
      limited.run(() => assert.fail("called"), { key: "github" }),
    );
    assert.deepEqual([endOf(other), (other.thrown as { retryAfterMs: number }).retryAfterMs], ["upstream_quota", 2_990]);
    await clock.advanceAsync(5_000);
    assert.deepEqual([(await end).value, at], ["well", [0, 3_000]]);
    assert.deepEqual(facts, [{ key: "github", retryAfterMs: 3_000 }]);
  });

  it("reads the headers of the field, dates and times since the epoch among them, and nothing from others", () => {
    const nowMs = Date.UTC(2026, 10, 28, 12);
    const read = (headers: Readonly<Record<string, string>>) => readQuotaHeaders((name) => headers[name], nowMs);
    assert.deepEqual(read({ ratelimit: '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60' }), {
      ...{ limit: 100, windowMs: 60_000, remaining: 50, resetMs: 30_000 },
    });
    assert.deepEqual(read({ ratelimit: "limit=100, remaining=50, reset=5" }), { limit: 100, remaining: 50, resetMs: 5_000 });
    assert.deepEqual(read({ "ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7" }), { limit: 100, remaining: 7 });
    assert.deepEqual(read({ "x-ratelimit-reset": String(nowMs / 1_000 + 90) }), { resetMs: 90_000 });
    assert.deepEqual(read({ "retry-after": "Sat, 28 Nov 2026 12:00:10 GMT" }), { retryAfterMs: 10_000 });
    assert.deepEqual(read({ "retry-after": "1.5" }), { retryAfterMs: 1_500 });
    for (const text of ["", "soon", "-5", "1e9", "99999999999999999999", ";;;=", "NaN"])
      assert.equal(read({ "retry-after": text, "x-ratelimit-remaining": text, ratelimit: text }), undefined, text);
  });
});
