import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { leaseMs } from "../../../src/resilience/leases/lease-store.ts";
import { PlacesFleet, type PlacesMember } from "./places-fleet.ts";

const steps = fc.array(
  fc.record({
    what: fc.constantFrom("ask", "ask", "ask", "return", "return", "die", "join", "deafen", "hear", "pass", "pass"),
    who: fc.nat(7),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 5, maxLength: 60 },
);

type Step = { readonly what: string; readonly who: number; readonly count: number };

async function take(fleet: PlacesFleet, { what, who, count }: Step, processes: number): Promise<void> {
  const { living } = fleet;
  const member = living[who % Math.max(1, living.length)];
  if (what === "join") {
    // In a reload one more runs.
    if (living.length <= processes) await fleet.join();
  } else if (what === "pass") await fleet.pass(count * 10);
  else if (member !== undefined) await act(fleet, member, { what, who, count });
}

async function act(fleet: PlacesFleet, member: PlacesMember, { what, count }: Step): Promise<void> {
  if (what === "ask") for (let i = 0; i < count; i++) fleet.ask(member);
  if (what === "return") for (let i = 0; i < count && member.queue.running > 0; i++) member.queue.leave();
  if (what === "deafen") member.deaf = true;
  if (what === "hear") member.deaf = false;
  if (what === "die") await fleet.die(member);
}

describe("places that several processes have together", () => {
  it("are never held by more than were declared, and each process gets one in the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 }), steps, async (processes, declared, taken) => {
        const fleet = new PlacesFleet(processes, declared);
        for (let i = 0; i < processes; i++) await fleet.join();
        for (const step of taken) {
          await take(fleet, step, processes);
          assert.ok(fleet.held <= declared, `${fleet.held} of ${declared} are held after ${JSON.stringify(step)}`);
          assert.ok(fleet.lender.lent("places") <= declared);
        }
        for (const member of fleet.living) {
          member.deaf = false;
          while (member.queue.running > 0) member.queue.leave();
          member.queue.takeOut();
          fleet.ask(member);
        }
        await fleet.pass(leaseMs * 4);
        const served = fleet.living.filter(({ queue }) => queue.running > 0).length;
        assert.equal(served, Math.min(fleet.living.length, declared));
      }),
      { numRuns: 60 },
    );
  });

  it("are borrowed by one that needs them while others do not, but for one of each", async () => {
    const fleet = new PlacesFleet(3, 12);
    const [one] = [await fleet.join(), await fleet.join(), await fleet.join()];
    await fleet.pass(100);
    for (let i = 0; i < 20; i++) fleet.ask(one!);
    await fleet.pass(300);
    assert.deepEqual(
      fleet.members.map(({ queue }) => queue.running),
      [10, 0, 0],
    );
  });

  it("are at hand before they are needed: equal parts while no process is busy", async () => {
    const fleet = new PlacesFleet(3, 12);
    const members = [await fleet.join(), await fleet.join(), await fleet.join()];
    await fleet.pass(50);
    for (const member of members) {
      for (let i = 0; i < 4; i++) assert.ok(member.queue.tryEnter());
      assert.ok(!member.queue.tryEnter());
    }
  });

  it("return to a process that needs them as those that hold them end, and none is taken away", async () => {
    const fleet = new PlacesFleet(2, 8);
    const [one, other] = [await fleet.join(), await fleet.join()];
    for (let i = 0; i < 8; i++) fleet.ask(one);
    await fleet.pass(300);
    assert.equal(one.queue.running, 7);
    for (let i = 0; i < 8; i++) fleet.ask(other);
    await fleet.pass(300);
    assert.deepEqual([one.queue.running, other.queue.running], [7, 1]);
    one.queue.leave();
    one.queue.leave();
    one.queue.leave();
    await fleet.pass(100);
    assert.deepEqual([one.queue.running, other.queue.running], [4, 4]);
  });

  it("of a process that has ended return when its lease is over", async () => {
    const fleet = new PlacesFleet(2, 8);
    const [one, other] = [await fleet.join(), await fleet.join()];
    for (let i = 0; i < 8; i++) fleet.ask(one);
    await fleet.pass(300);
    await fleet.die(one);
    for (let i = 0; i < 8; i++) fleet.ask(other);
    await fleet.pass(leaseMs - 10);
    assert.equal(other.queue.running, 1);
    await fleet.pass(100);
    assert.equal(other.queue.running, 7, "all but the one of the process that should be there");
  });

  it("do not hold up a process that joins in a reload where there is none for it, which gets one when another ends", async () => {
    const fleet = new PlacesFleet(2, 2);
    const [one] = [await fleet.join(), await fleet.join()];
    await fleet.pass(50);
    const added = await fleet.join();
    let isStarted = false;
    void added.started.then(() => {
      isStarted = true;
    });
    await fleet.pass(50);
    assert.ok(isStarted);
    await fleet.die(one);
    await fleet.pass(leaseMs + 100);
    assert.ok(added.queue.tryEnter());
  });

  it("pass from one to the other, where there are fewer than processes", async () => {
    const fleet = new PlacesFleet(2, 1);
    const members = [await fleet.join(), await fleet.join()];
    const served = [0, 0];
    for (const member of members) for (let i = 0; i < 50; i++) fleet.ask(member);
    for (let i = 0; i < 40; i++) {
      await fleet.pass(30);
      members.forEach((member, index) => {
        if (member.queue.running === 0) return;
        served[index] = served[index]! + 1;
        member.queue.leave();
      });
    }
    assert.ok(Math.min(...served) >= 10, `${served}`);
  });

  it("cost a message a second while nothing changes", async () => {
    const fleet = new PlacesFleet(2, 8);
    const [one] = [await fleet.join(), await fleet.join()];
    fleet.ask(one!);
    await fleet.pass(2_000);
    const before = fleet.exchanges;
    await fleet.pass(3_000);
    assert.ok(fleet.exchanges - before <= 2 * 3, `${fleet.exchanges - before}`);
  });

  it("stay where they are while no message arrives", async () => {
    const fleet = new PlacesFleet(2, 8);
    const [one, other] = [await fleet.join(), await fleet.join()];
    await fleet.pass(50);
    one.deaf = true;
    for (let i = 0; i < 8; i++) fleet.ask(one);
    for (let i = 0; i < 8; i++) fleet.ask(other);
    await fleet.pass(1_000);
    assert.deepEqual([one.queue.running, other.queue.running], [4, 4]);
    one.deaf = false;
    for (let i = 0; i < 4; i++) other.queue.leave();
    other.queue.takeOut();
    while (other.queue.running > 0) other.queue.leave();
    await fleet.pass(2_000);
    assert.equal(one.queue.running, 7);
  });
});
