import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createApp } from "plimsoll";
import { runtimeOf } from "../../src/app/app.ts";
import { Fault } from "../../src/core/fault.ts";
import type { StoredEvent } from "../../src/events/ports/log-store.ts";
import type { BatchMove } from "../../src/events/ports/projection-store.ts";
import { comparePositions, type Position } from "../../src/events/position.ts";
import { defineProjection } from "../../src/events/projections/definition.ts";
import { Projector, type ProjectorOptions } from "../../src/events/projections/projector.ts";
import { eventSignals } from "../../src/events/signals.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { balances, bank } from "./bank.ts";

/** What the worker of a process finds in the middle of the projector's work. */
type Meanwhile = "nothing" | "abandoned" | "adopted again" | "another had it";

const { registry } = runtimeOf(createApp({ modules: [bank], database: { open: () => ({}) as never } }));
const definition = defineProjection(registry.projections.get(balances)!, registry.events);
definition.table = { schema: "bank", table: "balances", key: "account", columns: [], primaryKey: [], perTenant: true };
const start: Position = { epoch: 1, xid: "1", seq: 0 as never };

function eventsOf(goods: readonly boolean[]): readonly StoredEvent[] {
  return goods.map((isGood, at) => ({
    ...{ epoch: 1, xid: "1", seq: String(at + 1) as never, id: `e${at}`, name: "bank.opened", version: 1, key: `k${at % 3}` },
    ...{ tenant: "acme", actor: null, trace: null, causation: null, correlation: null, recordedAt: "2026-01-01T00:00:00Z" },
    data: JSON.stringify(isGood ? { account: `k${at % 3}`, owner: "ann" } : { account: 1 }),
  }));
}

/** A store in memory, which has something happen before each of its calls. */
class Stage {
  readonly applied: string[] = [];
  readonly skipped: string[] = [];
  readonly errors: unknown[] = [];
  readonly projector: Projector;
  readonly #events: readonly StoredEvent[];
  readonly #meanwhile: Meanwhile[];
  #position = start;
  #fence = 1;

  constructor(events: readonly StoredEvent[], meanwhile: readonly Meanwhile[]) {
    this.#events = events;
    this.#meanwhile = [...meanwhile];
    const signals = eventSignals();
    signals.failing.on(({ error }) => void this.errors.push(error));
    this.projector = new Projector({ runtime: { clock: new TestClock() }, definition, store: this.#store(), signals });
  }

  async run(): Promise<void> {
    for (let round = 0; round < 100 && comparePositions(this.#position, this.#events.at(-1) ?? start) < 0; round++) {
      await this.#adopt();
      this.projector.wake();
      await this.projector.idle();
    }
  }

  #adopt(): Promise<void> {
    const owned = { subscription: "bank.balances", partition: 0, fence: this.#fence, ...this.#position };
    return this.projector.adopt([owned], { isPaused: false });
  }

  async #happens(): Promise<void> {
    const what = this.#meanwhile.shift() ?? "nothing";
    await Promise.resolve();
    if (what === "nothing") return;
    this.projector.abandon();
    if (what === "another had it") this.#fence++;
    if (what !== "abandoned") await this.#adopt();
  }

  #checks(fence: number, from: Position): void {
    assert.ok(from !== undefined, "a write says from where it begins");
    if (fence !== this.#fence || comparePositions(from, this.#position) !== 0)
      throw new Fault({ code: "aborted", type: "lease_lost", message: "Another process has it. Leave it." });
  }

  #store(): ProjectorOptions["store"] {
    const unused = () => assert.fail("it is not rebuilt, nor kept by commands");
    return {
      log: {
        read: async (_, after) => {
          await this.#happens();
          const events = this.#events.filter((event) => comparePositions(after, event) < 0);
          return { events, through: events.at(-1) };
        },
      },
      projections: {
        ...{ begin: unused, cancel: unused, describe: unused, freshness: unused, position: unused, swap: unused },
        ...{ elsewhere: {} as never, inline: {} as never, rebuilds: async () => [] },
        apply: async ({ hold, groups, move }, change) => {
          await this.#happens();
          const { from, through } = move as Extract<BatchMove, { from: Position }>;
          for (const at of groups.keys()) change(at, []);
          this.#checks(hold.fence, from);
          const behind = this.#events.filter((event) => comparePositions(from, event) < 0 && comparePositions(event, through) <= 0);
          this.applied.push(...behind.map(({ id }) => id));
          this.#position = through;
        },
      },
      subscriptions: {
        failParked: unused,
        deadLetter: async ({ fence }, event) => {
          await this.#happens();
          this.#checks(fence, this.#position);
          this.skipped.push(event.id);
          this.#position = event;
        },
      },
    };
  }
}

describe("a projection whose partition is lost while it works", () => {
  it("applies each event once, and skips those alone that cannot be applied", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.array(fc.constantFrom<Meanwhile>("nothing", "nothing", "abandoned", "adopted again", "another had it"), { maxLength: 30 }),
        async (goods, meanwhile) => {
          const stage = new Stage(eventsOf(goods), meanwhile);
          await stage.run();
          const ids = (isGood: boolean) => goods.flatMap((good, at) => (good === isGood ? [`e${at}`] : []));
          assert.deepEqual(
            stage.applied.filter((id) => !stage.skipped.includes(id)),
            ids(true),
          );
          assert.deepEqual(stage.skipped, ids(false));
          assert.deepEqual(stage.errors, []);
        },
      ),
      { numRuns: 300 },
    ));
});
