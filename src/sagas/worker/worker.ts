import { Gather } from "../../core/batch/gather.ts";
import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Service } from "../../core/service.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { Heartbeat, shortestBeatMs } from "../../tasks/worker/heartbeat.ts";
import { type CodeNames, readNames, writeNames } from "../body/code.ts";
import type { SagaDefinition } from "../definition.ts";
import type { ClaimedSaga, SagaListening, SagaStore, SagaWant } from "../ports/store.ts";
import type { SagaSignals } from "../signals.ts";
import type { StartChild } from "./run.ts";
import { type LeasedSaga, SagaRunner } from "./runner.ts";
import { SagaSettler } from "./settler.ts";

/** What a worker of sagas needs; everything filled in. */
export interface SagaWorkerOptions {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: SagaStore;
  readonly definitions: ReadonlyMap<string, SagaDefinition>;
  readonly concurrency: number;
  readonly signals: SagaSignals;
  readonly startChild: StartChild;
  /** What else is looked after with each heartbeat. Never waits, never throws. */
  readonly onHeartbeat: () => void;
}

const rejoinMs = 500;
const stopMs = 5_000;
/** In heartbeats: how often a worker looks for what is leased to it and unknown to it. */
const reconcileBeats = 4;

/**
 * Runs the sagas of a process: takes what is due under a lease, and writes what comes of it.
 * *Guarantees*: what it has is done, released, or taken over by others a lease after its last renewal.
 */
export class SagaWorker implements Service {
  readonly name = "sagas";
  readonly #options: SagaWorkerOptions;
  readonly #clock: Clock;
  readonly #heartbeat: Heartbeat;
  readonly #settler: SagaSettler;
  readonly #runner: SagaRunner;
  readonly #claims = new Gather(1, () => this.#claimNext());
  readonly #listening: SagaListening;
  #token: number | undefined;
  #renewedAt = 0;
  #beats = 0;
  #claimsAgain = false;
  #isClaiming = false;
  #mustReconcile = false;
  readonly #codes = new Map<string, CodeNames | undefined>();
  #nextDueMs: number | undefined;
  #state: "new" | "open" | "closing" | "closed" = "new";

  constructor(options: SagaWorkerOptions) {
    this.#options = options;
    const { runtime, store, definitions, concurrency, signals, startChild } = options;
    const { clock } = runtime;
    this.#clock = clock;
    const token = () => this.#token;
    this.#heartbeat = new Heartbeat(clock, () => this.#beat());
    this.#settler = new SagaSettler({ store, token, pause: (ms) => sleep(clock, ms), failed: (error) => this.#failed(error) });
    this.#runner = new SagaRunner({
      ...{
        runtime,
        store,
        definitions,
        concurrency,
        signals,
        startChild,
        token,
        codeOf: (saga) => this.#codeOf(saga),
        settler: this.#settler,
      },
      isOpen: () => this.#state === "open" && this.#token !== undefined,
      hasRoom: () => this.#claimsAgain && this.wake(),
      due: (delayMs) => this.#expect(delayMs),
      failed: (error) => this.#failed(error),
    });
    this.#listening = store.listen(() => this.wake());
  }

  get running(): number {
    return this.#runner.size;
  }

  get nextDueMs(): number | undefined {
    return this.#nextDueMs;
  }

  async start(): Promise<void> {
    for (const { name, bodies } of this.#options.definitions.values())
      for (const [version, { digest, names }] of bodies)
        await this.#options.store.declareCode({ name, version, digest, names: writeNames(names) });
    await this.#join();
    this.#state = "open";
    await this.#listening.start();
    this.#heartbeat.beatIn(0);
  }

  /** Begins nothing more: what runs is released at its next step. */
  close(): void {
    if (this.#state === "open") this.#state = "closing";
  }

  async stop(): Promise<void> {
    if (this.#state === "closed" || this.#state === "new") return;
    this.close();
    this.#state = "closed";
    await this.#listening.stop();
    this.#heartbeat.fade();
    // If the database does not respond in time, give up the lease: other workers run again what is not written.
    const late = this.#clock.schedule(stopMs, () => {
      this.#token = undefined;
    });
    await this.#claims.idle();
    await this.#runner.idle();
    await this.#settler.idle();
    late.cancel();
    await this.#heartbeat.stop(stopMs);
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await this.#options.store.leave(token).catch(() => undefined);
    this.#options.store.notify(this.#options.definitions.keys());
  }

  /** There may be something to claim. */
  wake(): void {
    if (this.#state !== "open") return;
    this.#claimsAgain = true;
    this.#claims.ask();
  }

  /** Looks at once, and is done when it has looked. */
  async lookNow(): Promise<number | undefined> {
    await this.#heartbeat.idle();
    await this.#heartbeat.beatNow();
    await this.#claims.idle();
    return this.#nextDueMs;
  }

  /** The token under which a saga that is started now is this worker's; undefined where it has no room. The saga is known from here on. */
  reserve(name: string, id: string): number | undefined {
    // What is due already goes first.
    const isIdle = this.#state === "open" && !this.#claimsAgain && !this.#isClaiming;
    return isIdle && this.#runner.reserve(name, id) ? this.#token : undefined;
  }

  /** Runs what was started under a reservation; undefined: it was not. */
  begin(name: string, id: string, started: LeasedSaga | undefined): void {
    this.#runner.begin(name, id, started);
  }

  #expect(delayMs: number): void {
    if (this.#state !== "open") return;
    if (delayMs <= 0) this.wake();
    else if (delayMs < limits.sagaPollMs) this.#heartbeat.beatWithin(delayMs);
  }

  #failed(error: unknown): void {
    if (error instanceof Fault && error.type === "lease_lost") return this.#loseLease();
    this.#mustReconcile = true;
    this.#options.signals.failing.publish({ error });
  }

  #loseLease(): void {
    if (this.#token === undefined) return;
    this.#token = undefined;
    this.#options.signals.lost.publish({ sagas: this.#runner.size });
    this.#runner.abandon();
    this.#heartbeat.beatIn(rejoinMs);
  }

  async #join(): Promise<void> {
    const askedAt = this.#clock.monotonic();
    this.#token = await this.#options.store.join(this.#options.name);
    this.#renewedAt = askedAt;
  }

  async #beat(): Promise<number> {
    let nextMs: number = limits.sagaPollMs;
    try {
      if (this.#token !== undefined) nextMs = await this.#look(this.#token);
      else if (this.#state === "open") await this.#join();
      if (this.#state === "open") this.#options.onHeartbeat();
    } catch (error) {
      this.#failed(error);
    }
    if (this.#token !== undefined && this.#clock.monotonic() - this.#renewedAt >= limits.sagaLeaseMs) this.#loseLease();
    return nextMs;
  }

  async #look(token: number): Promise<number> {
    const { store, signals } = this.#options;
    const askedAt = this.#clock.monotonic();
    const reconciles = !this.#isClaiming && (this.#mustReconcile || ++this.#beats % reconcileBeats === 0);
    const found = await store.heartbeat(token, this.#wants(true), reconciles ? this.#runner.known : undefined);
    if (!found.alive) {
      this.#loseLease();
      return rejoinMs;
    }
    if (reconciles) this.#mustReconcile = false;
    this.#renewedAt = askedAt;
    this.#nextDueMs = found.nextDueMs;
    if (found.rescued > 0) {
      signals.rescued.publish({ sagas: found.rescued });
      store.notify(this.#options.definitions.keys());
    }
    await this.#matchEvents();
    if (found.nextDueMs === undefined) return limits.sagaPollMs;
    if (found.nextDueMs <= 0) this.wake();
    return found.nextDueMs <= 0 ? limits.sagaPollMs : Math.max(shortestBeatMs, Math.min(limits.sagaPollMs, found.nextDueMs));
  }

  /** What the code says of its steps that a saga was started with; asked once for each. */
  async #codeOf({ name, version, code }: ClaimedSaga): Promise<CodeNames | undefined> {
    if (this.#codes.size === 0 || !this.#codes.has(`${name} ${version} ${code}`)) {
      this.#codes.clear();
      for (const known of await this.#options.store.admin.byCode())
        this.#codes.set(`${known.name} ${known.version} ${known.code}`, known.names === null ? undefined : readNames(known.names));
    }
    return this.#codes.get(`${name} ${version} ${code}`);
  }

  /** Searches the log for what sagas wait for, as far as it goes. */
  async #matchEvents(): Promise<void> {
    let looked = 0;
    do looked = await this.#options.store.matchEvents();
    while (looked >= limits.eventScan);
    if (looked > 0) this.wake();
  }

  #wants(all: boolean): readonly SagaWant[] {
    const wants: SagaWant[] = [];
    for (const { name, bodies } of this.#options.definitions.values()) {
      const most = all ? 1 : this.#runner.roomOf(name);
      if (most > 0) for (const version of bodies.keys()) wants.push({ name, version, most });
    }
    return wants;
  }

  #claimNext(): Promise<void> | undefined {
    const token = this.#token;
    const limit = Math.min(limits.sagaClaim, this.#runner.room);
    if (this.#state !== "open" || token === undefined || !this.#claimsAgain || limit < 1) return undefined;
    const wants = this.#wants(false);
    if (wants.length === 0) return undefined;
    this.#claimsAgain = false;
    return this.#claim({ token, wants, limit });
  }

  async #claim({
    token,
    wants,
    limit,
  }: {
    readonly token: number;
    readonly wants: readonly SagaWant[];
    readonly limit: number;
  }): Promise<void> {
    try {
      // A heartbeat that looks for what is unknown here must not see what this claim takes.
      this.#isClaiming = true;
      await this.#heartbeat.idle();
      if (token !== this.#token) return;
      const sagas = await this.#options.store.claim(token, wants, limit);
      if (
        sagas.length === limit ||
        wants.some(({ name, version, most }) => sagas.filter((saga) => saga.name === name && saga.version === version).length === most)
      )
        this.#claimsAgain = true;
      for (const saga of sagas) this.#runner.run(saga, token);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isClaiming = false;
    }
  }
}
