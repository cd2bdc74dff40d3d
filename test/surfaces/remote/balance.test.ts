// The balancer alone: its time and its chance are given.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AddressHealth, type OpenCall } from "../../../src/remote/balance/address-health.ts";
import { type Balanced, choose } from "../../../src/remote/balance/balancer.ts";
import { weightOf } from "../../../src/remote/balance/rendezvous.ts";

class Time {
  now = 0;
  readonly #seeds: number[];
  constructor(...seeds: number[]) {
    this.#seeds = seeds;
  }
  monotonic(): number {
    return this.now;
  }
  random(): number {
    const next = this.#seeds.shift() ?? 0;
    this.#seeds.push(next);
    return next;
  }
}

const named = (address: string, isConnected = true): Balanced => ({ address, health: new AddressHealth(), isConnected });
const three = () => [named("http://a:1"), named("http://b:1"), named("http://c:1")] as const;
const chosen = (all: readonly Balanced[], time: Time, asked: Parameters<typeof choose<Balanced>>[1] = {}) =>
  choose(all, asked, time)?.address;

describe("the less loaded of two", () => {
  it("has fewer calls on their way", () => {
    const [a, b] = [named("a"), named("b")];
    a.health.starts(0);
    assert.equal(chosen([a, b], new Time(0)), "b");
    assert.equal(chosen([a, b], new Time(0.9)), "b");
  });

  it("reported less load, until that is old", () => {
    const [a, b] = [named("a"), named("b")];
    const time = new Time(0);
    a.health.reports(0.9, 0);
    b.health.reports(0.1, 0);
    b.health.starts(0);
    assert.equal(chosen([a, b], time), "b");
    time.now = 10_000;
    b.health.ends(b.health.starts(0), "replied", time.now);
    assert.equal(chosen([a, b], time), "a");
  });

  it("takes no load that is no number", () => {
    const one = new AddressHealth();
    for (const load of [Number.NaN, -1]) one.reports(load, 0);
    assert.equal(one.score(0), 1);
  });
});

describe("an address that is silent", () => {
  const silent = (time: Time) => {
    const all = three();
    const stuck = all[0].health.starts(0);
    time.now = 999;
    assert(all[0].health.admits(time.now));
    time.now = 1_000;
    return { all, stuck };
  };

  it("is ejected after a second, and no call goes there", () => {
    const time = new Time(0, 0.4, 0.99);
    const { all } = silent(time);
    for (let at = 0; at < 30; at++) assert.notEqual(chosen(all, time), "http://a:1");
  });

  it("is tried by one call a second later, and is back with its reply", () => {
    const time = new Time(0);
    const { all } = silent(time);
    const [{ health }] = all;
    assert.equal(health.admits(time.now), false);
    time.now = 2_000;
    assert(health.admits(time.now));
    const trial = health.starts(time.now);
    assert.equal(health.admits(time.now), false, "one call tries it");
    health.ends(trial, "replied", time.now + 5);
    assert(health.admits(time.now + 5));
    assert.equal(health.isOut, false);
  });

  it("is left alone again when the trial is silent too", () => {
    const time = new Time(0);
    const { all } = silent(time);
    const [{ health }] = all;
    health.admits(1_000);
    health.admits(2_000);
    health.starts(2_000);
    assert.equal(health.admits(2_999), false);
    assert.equal(health.admits(3_000), false);
    assert.equal(health.admits(3_999), false);
    assert(health.admits(4_000), "and is tried again");
  });

  it("is back at once when a call that waited for it is replied to", () => {
    const time = new Time(0);
    const { all, stuck } = silent(time);
    const [{ health }] = all;
    health.admits(1_000);
    health.ends(stuck, "replied", 1_100);
    assert(health.admits(1_100));
  });

  it("is silent too where its callers leave before a second", () => {
    const health = new AddressHealth();
    for (let at = 0; at < 1_000; at += 100) health.ends(health.starts(at), "left", at + 90);
    assert.equal(health.admits(1_000), false);
  });

  it("is not silent while it replies to others", () => {
    const health = new AddressHealth();
    health.starts(0);
    for (let at = 0; at < 10_000; at += 500) health.ends(health.starts(at), "replied", at + 10);
    assert(health.admits(10_000));
  });
});

it("an address that fails five times in a row is ejected, and one reply begins the count again", () => {
  const health = new AddressHealth();
  const fails = (times: number) => {
    for (let at = 0; at < times; at++) health.ends(health.starts(0), "failed", 0);
  };
  fails(4);
  health.ends(health.starts(0), "replied", 0);
  fails(4);
  assert(health.admits(0));
  fails(1);
  assert.equal(health.admits(0), false);
});

it("where none is well, the one that was ejected first is called; where none is connected, none", () => {
  const all = three();
  for (const [at, { health }] of all.entries()) health.eject(at);
  assert.equal(chosen(all, new Time(0)), "http://a:1");
  assert.equal(chosen([named("a", false)], new Time(0)), undefined);
  assert.equal(chosen([], new Time(0)), undefined);
});

it("an attempt that failed goes elsewhere, unless there is no other", () => {
  const all = three();
  const without = new Set<Balanced>([all[0], all[1]]);
  assert.equal(chosen(all, new Time(0), { without }), "http://c:1");
  assert.equal(chosen([all[0]], new Time(0), { without }), "http://a:1");
});

describe("a key", () => {
  it("has one address, and only the keys of one that leaves move", () => {
    const addresses = ["http://a:1", "http://b:1", "http://c:1", "http://d:1"];
    const keys = fc.string({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(keys, fc.nat(3), (key, gone) => {
        const all = addresses.map((address) => named(address));
        const before = chosen(all, new Time(0.7, 0.1), { key });
        assert.equal(chosen(all.toReversed(), new Time(0.2), { key }), before);
        const after = chosen(all.toSpliced(gone, 1), new Time(0), { key });
        if (before !== addresses[gone]) assert.equal(after, before);
      }),
    );
  });

  it("spreads: of 4,000 keys each of four addresses has its part", () => {
    const counts = new Map<string, number>();
    const addresses = ["http://10.0.0.1:50051", "http://10.0.0.2:50051", "http://10.0.0.3:50051", "http://10.0.0.4:50051"];
    for (let at = 0; at < 4_000; at++) {
      const [owner = ""] = addresses.toSorted((one, other) => weightOf(`tenant-${at}`, other) - weightOf(`tenant-${at}`, one));
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    for (const count of counts.values()) assert(count > 850 && count < 1_150, `${count}`);
    assert.equal(counts.size, 4);
  });

  it("moves while its address is ejected, and comes back", () => {
    const all = three();
    const owner = all.find(({ address }) => address === chosen(all, new Time(0), { key: "t-1" }))!;
    const time = new Time(0);
    owner.health.eject(0);
    assert.notEqual(chosen(all, time, { key: "t-1" }), owner.address);
    time.now = 1_000;
    assert.equal(chosen(all, time, { key: "t-1" }), owner.address);
    owner.health.ends(owner.health.starts(1_000) as OpenCall, "replied", 1_010);
    assert.equal(chosen(all, time, { key: "t-1" }), owner.address);
  });
});

describe("with a zone", () => {
  const zoned = (address: string, zone?: string): Balanced => ({ ...named(address), zone });
  const everywhere = (all: readonly Balanced[], time: Time) =>
    new Set(Array.from({ length: 20 }, () => chosen(all, time, { zone: "here" })));
  const all = () => [zoned("a", "here"), zoned("b", "here"), zoned("c", "there")] as const;

  it("calls stay where they are while one there is well and not overloaded", () => {
    const [a, b, c] = all();
    assert.deepEqual(everywhere([a, b, c], new Time(0, 0.4, 0.99)), new Set(["a", "b"]));
    a.health.reports(1, 0);
    assert.deepEqual(everywhere([a, b, c], new Time(0, 0.4, 0.99)), new Set(["b"]));
  });

  it("they go to other zones where none is well, or all are overloaded, and return", () => {
    const [a, b, c] = all();
    const time = new Time(0, 0.4, 0.99);
    a.health.eject(0);
    b.health.reports(1, 0);
    assert(everywhere([a, b, c], time).has("c"));
    b.health.reports(0.2, 0);
    assert.deepEqual(everywhere([a, b, c], time), new Set(["b"]));
  });

  it("one that has not said its zone is called, and one that has none is not", () => {
    assert.deepEqual(everywhere([zoned("a"), zoned("c", "there")], new Time(0, 0.4, 0.99)), new Set(["a"]));
    assert.deepEqual(everywhere([zoned("a", "here"), zoned("c", "")], new Time(0, 0.4, 0.99)), new Set(["a"]));
  });

  it("a key goes to the process that has it, wherever that is", () => {
    const owners = Array.from({ length: 50 }, (_, at) => chosen(all(), new Time(0), { key: `k${at}`, zone: "here" }));
    assert(owners.includes("c"));
  });
});
