import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, module } from "plimsoll";
import { signInGuard } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import type { SignInGuard } from "../../../src/auth/sign-in/guard.ts";
import { Fault } from "../../../src/core/fault.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import type { ResourceCaller } from "../../../src/operation/resource.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const deviceKey = "a key of the guard with enough characters";

/** A guard in memory; `as` is a caller at an address. */
function setUp({ key = deviceKey }: { key?: string | null } = {}) {
  const clock = new TestClock({ now: Date.UTC(2026, 0, 1) });
  const { spec } = signInGuard("test", key === null ? {} : { deviceKey: key });
  const shared = spec!.create({ clock, metrics: new Metrics() }) as SignInGuard;
  const at = (address: string) => spec!.bind!(shared, { address } as ResourceCaller);
  const wrong = async () => undefined;
  const right = async () => "ann";
  /** How many failures in a row are let through. */
  const failures = async (guess: () => Promise<unknown>, most = 2_000) => {
    for (let n = 0; n < most; n++) {
      const outcome = await guess().catch((error: unknown) => error);
      if (outcome instanceof Fault) return n;
    }
    return most;
  };
  return { clock, at, wrong, right, failures };
}

const limited = { type: "sign_in_limited", code: "resource_exhausted" };

describe("a guard of sign-ins", () => {
  it("lets a caller guess five times, and then ever less", async () => {
    const { clock, at, wrong, failures } = setUp();
    const guess = () => at("10.0.0.1").attempt({ account: "ann" }, wrong);
    assert.equal(await failures(guess), 5);
    let made = 5;
    let hours = 0;
    const waits: number[] = [];
    while (hours < 24) {
      const fault = (await guess().catch((error: unknown) => error)) as Fault<{ waitMs: number }> | undefined;
      if (fault === undefined) {
        made++;
        continue;
      }
      assert.ok(fault.retryAfterMs! >= fault.details.waitMs);
      waits.push(fault.details.waitMs);
      clock.advance(fault.details.waitMs + 1);
      hours += (fault.details.waitMs + 1) / 3_600_000;
    }
    assert.deepEqual([waits[0], Math.round(Math.max(...waits) / 1_000)], [10_000, 600]);
    assert.ok(
      waits.every((wait, n) => n === 0 || wait >= waits[n - 1]! - 10_000),
      "a wait that follows is no shorter",
    );
    assert.ok(made <= 20 + 144 + 1, `${made} guesses in a day`);
  });

  it("counts attempts at the same time before it verifies the first of them", async () => {
    const { at } = setUp();
    let verifying = 0;
    const attempts = Array.from({ length: 50 }, () =>
      at("10.0.0.1").attempt({ account: "ann" }, async () => {
        verifying++;
        return undefined;
      }),
    );
    const outcomes = await Promise.allSettled(attempts);
    assert.deepEqual([verifying, outcomes.filter(({ status }) => status === "rejected").length], [5, 45]);
  });

  it("counts no success, and no attempt that was not decided", async () => {
    const { at, right, wrong, failures } = setUp();
    const guard = at("10.0.0.1");
    const overloaded = new Fault({ code: "unavailable", message: "full" });
    for (let n = 0; n < 30; n++)
      await assert.rejects(
        guard.attempt({ account: "ann" }, () => Promise.reject(overloaded)),
        overloaded,
      );
    assert.equal(await failures(() => guard.attempt({ account: "ann" }, wrong)), 5);
    for (let n = 0; n < 100; n++) assert.equal((await at("10.0.0.2").attempt({ account: "ann" }, right))?.value, "ann");
  });

  it("stops one address that tries many accounts, and many addresses that try one account", async () => {
    const { at, wrong, failures } = setUp();
    let n = 0;
    assert.equal(await failures(() => at("10.0.0.1").attempt({ account: `user ${n++}` }, wrong)), 50);
    assert.equal(await failures(() => at(`10.1.0.${n++}`).attempt({ account: "ann" }, wrong)), 20);
    assert.equal(await failures(() => at("10.2.0.1").attempt({ account: "ben" }, wrong)), 5, "another account from another address");
  });

  it("locks out no user whose device or address it knows, whatever an attacker does", async () => {
    const { clock, at, wrong, right, failures } = setUp();
    const signedIn = await at("10.0.0.1").attempt({ account: "ann" }, right);
    const device = signedIn?.device;
    let n = 0;
    for (let day = 0; day < 3; day++, clock.advance(86_400_000)) {
      await failures(() => at(`10.1.${n >> 8}.${n++ & 255}`).attempt({ account: "ann" }, wrong));
      await assert.rejects(at(`10.3.0.${day}`).attempt({ account: "ann" }, right), limited, "from elsewhere it takes a while");
      assert.equal((await at("10.0.0.1").attempt({ account: "ann" }, right))?.value, "ann", "a known address");
      assert.equal((await at(`10.3.0.${day}`).attempt({ account: "ann", device }, right))?.value, "ann", "a known device");
    }
    // An attacker who shares the address does not share the device.
    await failures(() => at("10.0.0.1").attempt({ account: "ann" }, wrong));
    assert.equal((await at("10.0.0.1").attempt({ account: "ann", device }, right))?.value, "ann");
    assert.equal(await failures(() => at("10.9.0.1").attempt({ account: "ann", device }, wrong)), 10, "a stolen one guesses ten times");
  });

  it("recognises no device of another account, of another key, that is made up or too old", async () => {
    const { clock, at, wrong, right, failures } = setUp();
    const device = (await at("10.0.0.1").attempt({ account: "ann" }, right))?.device ?? "";
    const foreign = (
      await setUp({ key: "x".repeat(32) })
        .at("10.0.0.1")
        .attempt({ account: "ann" }, right)
    )?.device;
    const guesses = (account: string, token: string | undefined, address: string) =>
      failures(() => at(address).attempt({ account, device: token }, wrong));
    assert.equal(await guesses("ben", device, "10.1.0.1"), 5);
    assert.equal(await guesses("ann", foreign, "10.1.0.2"), 5);
    assert.equal(await guesses("ann", `${device.slice(0, -1)}~`, "10.1.0.3"), 5);
    assert.equal(await guesses("ann", device.replace(/^./, "z"), "10.1.0.4"), 5);
    clock.advance(7_776_000_001);
    assert.equal(await guesses("ann", device, "10.1.0.5"), 5);
    assert.equal((await setUp({ key: null }).at("10.0.0.1").attempt({ account: "ann" }, right))?.device, undefined);
  });

  it("needs a key that cannot be guessed", () =>
    assert.throws(() => signInGuard("test", { deviceKey: "short" }), { name: "AssertionError", message: /32/ }));
});

describe("an app with a guard", () => {
  it("counts by the address of the request, and shows each limit", async () => {
    const guard = signInGuard("desk.sign-in");
    const signIn = action("desk.sign-in", {
      ...{ input: z.object({ name: z.string() }), output: z.object({ in: z.boolean() }), access: "public", idempotent: "no", budget: "5s" },
      uses: { guard },
      http: "POST /v1/sign-ins",
      run: async ({ name }, { guard }) => ({ in: (await guard.attempt({ account: name }, async () => undefined)) !== undefined }),
    });
    await using running = await testApp({ modules: [module("desk", { operations: [signIn] })], surfaces: [http({ port: false })] });
    const { app } = running;
    const statuses: (number | string)[] = [];
    const send = (address: string) => {
      const headers = { "content-type": "application/json" };
      return app.fetch(new Request("http://desk/v1/sign-ins", { method: "POST", headers, body: '{"name":"ann"}' }), { address });
    };
    for (let n = 0; n < 7; n++) statuses.push((await send("10.0.0.1")).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
    const refused = await send("10.0.0.1");
    assert.ok(Number(refused.headers.get("retry-after")) >= 9);
    assert.equal(((await refused.json()) as { type: string }).type, "urn:plimsoll:sign_in_limited");
    assert.equal((await send("10.0.0.2")).status, 200);
    const lines = app.loadLines
      .list()
      .filter(({ name }) => name.startsWith("desk.sign-in failures"))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(
      lines.map(({ name, admitted, refused }) => [name, admitted, refused.rate]),
      [
        ["desk.sign-in failures per account", 6, 0],
        ["desk.sign-in failures per account from an address", 6, 3],
        ["desk.sign-in failures per address", 6, 0],
        ["desk.sign-in failures per device", 0, 0],
      ],
    );
  });
});
