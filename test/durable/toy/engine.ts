import assert from "node:assert/strict";
import type { Started, StartOptions } from "plimsoll";
import {
  type CompiledOperation,
  type Durable,
  type Engine,
  type EngineHost,
  type EngineSource,
  invalidInput,
  isOfKind,
  type OccurrenceStart,
  type PreparedStart,
  Problems,
  type StartContext,
  type Starts,
  type Timer,
  toMs,
  writeInput,
} from "plimsoll/ports";
import { PostgresDatabase } from "plimsoll/postgres";
import { RelayAttempt } from "./attempt.ts";
import { relayKind } from "./relay.ts";
import { insertion, type LeasedRelay, type RelayRow, RelayStore } from "./store.ts";

const lookMs = 200;

/** Runs relays. */
export const relayEngine: EngineSource = { open: (host) => new RelayEngine(host) };

class RelayEngine implements Engine, Starts {
  readonly kinds = [relayKind] as const;
  readonly service = { name: "relays", start: async () => this.#begin(), stop: () => this.#stop() };
  readonly starts: Starts = this;
  readonly pages = [{ path: "/relays", answer: async () => ({ status: 200, body: { waiting: await this.#store.waiting() } }) }];
  readonly #host: EngineHost;
  readonly #store: RelayStore;
  readonly #operations: ReadonlyMap<string, CompiledOperation>;
  readonly #settling = new Set<Promise<void>>();
  readonly #holder: string;
  /** What runs here, and whose outcome is on its way. */
  readonly #held = new Set<string>();
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #open = false;

  constructor(host: EngineHost) {
    this.#host = host;
    const { registry, database } = host.runtime;
    this.#store = new RelayStore(() => {
      assert(database instanceof PostgresDatabase, "relays lie in PostgreSQL");
      return database;
    });
    this.#operations = new Map([...registry.operations].filter(([, compiled]) => isOfKind(compiled, relayKind)));
    this.#holder = host.runtime.clock.uuid();
    host.stopping.on(() => this.#close());
    const ran = host.metrics.counter({ name: "relays_total", help: "Attempts of relays.", labels: ["outcome"] });
    host.runtime.signals.executed.on(({ kind, outcome }) => kind === relayKind && ran.series(outcome).add());
  }

  async start(
    { tenant, actorId, transaction, toWake }: StartContext,
    work: Durable,
    { input, options: { key, delay, at } }: { readonly input: unknown; readonly options: StartOptions },
  ): Promise<Started> {
    const { clock } = this.#host.runtime;
    const delayMs = delay !== undefined ? toMs(delay) : at === undefined ? 0 : at.getTime() - clock.now();
    const row = this.#rowOf(work, { input, tenant, actorId, delayMs, key: key && `caller:${key}` });
    if (transaction === undefined) {
      const id = await this.#store.insert(row);
      this.committed();
      return { id, started: id === row.id };
    }
    const { rows } = await transaction.run(insertion(row));
    toWake.add("all");
    return { id: rows[0]?.id as string, started: rows[0]?.id === row.id };
  }

  prepare(work: Durable, { input, key, tenant }: OccurrenceStart): PreparedStart {
    const row = this.#rowOf(work, { input, tenant, actorId: undefined, delayMs: 0, key });
    return { id: row.id, statement: insertion(row), toWake: new Set(["all"]) };
  }

  committed(): void {
    this.#lookLater(0);
  }

  #rowOf(
    { name, kind }: Durable,
    { input, actorId: actor, key, ...of }: Pick<RelayRow, "tenant" | "delayMs" | "key"> & { input: unknown; actorId: string | undefined },
  ): RelayRow {
    const compiled = this.#operations.get(name);
    assert(compiled !== undefined, `No module of this app lists the ${kind} ${name}.`);
    const parsed = compiled.input.parse(input);
    if (parsed instanceof Problems) throw invalidInput(parsed.list, parsed.more);
    const whole = key && JSON.stringify([name, of.tenant, key]);
    return { ...of, id: this.#host.runtime.clock.uuid(), name, actor, key: whole, input: writeInput(input, parsed) };
  }

  #lookLater(delayMs: number): void {
    if (!this.#open) return;
    this.#timer?.cancel();
    this.#timer = this.#host.runtime.clock.schedule(delayMs, () => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
        this.#lookLater(lookMs);
      });
    });
  }

  async #look(): Promise<void> {
    const names = [...this.#operations.keys()];
    // A database that is gone comes back: the next look finds what is due.
    const leased = await this.#store.claim(this.#holder, names, [...this.#held]).catch(() => []);
    for (const relay of leased) {
      this.#held.add(relay.id);
      if (this.#open) this.#run(relay);
      else this.#settle(relay, () => this.#store.release(relay));
    }
  }

  #run(relay: LeasedRelay): void {
    const attempt = new RelayAttempt(relay, ({ fault }, { committed }) =>
      this.#settle(relay, async () => {
        if (committed) return;
        await (fault === undefined ? this.#store.complete(relay) : this.#store.release(relay));
      }),
    );
    this.#host.runtime.start(this.#operations.get(relay.name)!, attempt);
  }

  /** Where it fails, the next look finds the relay again. */
  #settle({ id }: LeasedRelay, write: () => Promise<void>): void {
    const settling = write()
      .catch(() => undefined)
      .then(() => {
        this.#held.delete(id);
        this.#settling.delete(settling);
      });
    this.#settling.add(settling);
  }

  #begin(): void {
    this.#open = this.#host.works;
    this.#lookLater(0);
  }

  #close(): void {
    this.#open = false;
    this.#timer?.cancel();
  }

  async #stop(): Promise<void> {
    this.#close();
    await this.#looking;
    await Promise.all(this.#settling);
  }
}
