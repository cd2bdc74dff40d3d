import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import { BoundedQueue, type QueuedWaiter } from "../../core/queue/bounded-queue.ts";
import { FixedLimit } from "../../core/queue/limit.ts";
import { InOrder } from "../../core/queue/turns.ts";
import type { Service } from "../../core/service.ts";
import type { Signal } from "../../core/signals.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { ServedQueues } from "../claims/served-queues.ts";
import type { TaskDefinition } from "../definition.ts";
import type { ClaimStore } from "../ports/claim-store.ts";
import type { QueueNotifier, WorkerStore } from "../ports/worker-store.ts";
import type { TaskSignals } from "../signals.ts";
import type { QueueSpec } from "../spec.ts";
import { Heartbeat, shortestBeatMs } from "./heartbeat.ts";
import { Inbox } from "./inbox.ts";
import { WorkerLease } from "./lease.ts";
import { TaskRunner } from "./runner.ts";
import { Settler } from "./settler.ts";

/** What a worker needs; everything filled in. */
export interface WorkerOptions {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: ClaimStore & WorkerStore & QueueNotifier;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly queues: Readonly<Record<string, QueueSpec>>;
  readonly signals: TaskSignals;
  readonly stopping: Signal<undefined>;
  /** What else is looked after with each heartbeat, such as schedules. Returns when something is due, if it knows. *Units*: milliseconds from now. */
  readonly onHeartbeat: () => Promise<number | undefined>;
}

const rejoinMs = 500;
/** How long a stop waits for the outcomes of its tasks to be written. */
const settleMs = 5_000;

/**
 * Serves queues: claims their tasks under a lease, runs them, and makes their outcomes durable.
 * *Guarantees*: what it claimed is done, released, or taken over by others a lease after its last renewal; a stop releases at once what was not begun.
 */
export class TaskWorker implements Service {
  readonly name = "tasks";
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #queues: ServedQueues;
  readonly #lease: WorkerLease;
  readonly #inbox: Inbox;
  readonly #runner: TaskRunner;
  readonly #settler: Settler;
  readonly #heartbeat: Heartbeat;
  #nextDueMs: number | undefined;
  #state: "new" | "open" | "closing" | "closed" = "new";

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { store, definitions, runtime, signals, name } = options;
    const { clock } = runtime;
    this.#clock = clock;
    const token = () => this.#lease.token;
    const failed = (error: unknown) => this.#failed(error);
    this.#heartbeat = new Heartbeat(clock, () => this.#beat());
    this.#settler = this.#makeSettler();
    this.#runner = new TaskRunner({
      ...{ runtime, store, definitions, signals, token, failed, settler: this.#settler },
      release: (tasks) => void this.#queues.release(tasks),
      shut: () => this.#releaseAll(),
      open: () => this.wake(this.queueNames),
    });
    const claims = this.#claimPlaces();
    this.#queues = new ServedQueues(options.queues, {
      ...{ definitions, store, clock, token, failed, claims },
      isShut: () => this.#runner.isShut,
      run: (task) => this.#runner.run(task),
    });
    for (const line of [claims.line, ...this.#queues.lines]) runtime.loadLines.register(line);
    this.#lease = new WorkerLease(store, clock, { name, names: [...definitions.keys()], queues: this.queueNames });
    this.#inbox = new Inbox({
      ...{ store, clock, token, failed, queues: this.#queues, runner: this.#runner },
      isOpen: () => this.#state === "open",
      due: () => this.#expect(0),
    });
  }

  /** Bounds the claims of all queues; each queue has one of its own waiting at the most. */
  #claimPlaces(): BoundedQueue<QueuedWaiter> {
    const { definitions, queues } = this.#options;
    const mostQueues = definitions.size + Object.keys(queues).length;
    const line: LoadLine = new LoadLine({
      ...{ name: "task claims", unit: "claims", declared: limits.taskClaims, now: () => places.running },
      fixed: "Each claim takes a connection, and what is above the limit waits. Change limits.taskClaims.",
    });
    const places = new BoundedQueue<QueuedWaiter>({
      limit: new FixedLimit(limits.taskClaims),
      queue: mostQueues,
      turns: new InOrder(),
      line,
    });
    return places;
  }

  get running(): number {
    return this.#runner.size;
  }

  get queueNames(): readonly string[] {
    return this.#queues.names;
  }

  async start(): Promise<void> {
    await this.#lease.join();
    this.#state = "open";
    this.#options.stopping.on(() => void this.close());
    await this.#inbox.open();
    this.#heartbeat.beatIn(0);
  }

  /** Begins nothing more, and releases what it has not begun. */
  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#runner.releaseSuspects();
    const held = this.#queues.close();
    await Promise.all([this.#queues.release(held), this.#inbox.announce()]);
    if (held.length > 0) this.#options.store.notifyQueues(this.queueNames);
  }

  async stop(): Promise<void> {
    if (this.#state === "closed" || this.#state === "new") return;
    await this.close();
    this.#state = "closed";
    this.#inbox.close();
    this.#heartbeat.fade();
    // If the database does not respond in time, give up the lease: other workers run again what is not written.
    const late = this.#clock.schedule(settleMs, () => this.#lease.drop());
    await this.#settler.idle();
    late.cancel();
    await this.#heartbeat.stop(settleMs);
    await this.#lease.leave();
    this.#options.store.notifyQueues(this.queueNames);
  }

  /** There may be something to claim in these queues. */
  wake(queues: Iterable<string>): void {
    this.#queues.wake(queues);
  }

  /** Looks at once, renews the lease, and is done when it has looked. Returns in how many milliseconds the next task becomes due. */
  async lookNow(): Promise<number | undefined> {
    await this.#heartbeat.idle();
    this.#lease.expectRenewal();
    await this.#heartbeat.beatNow();
    return this.#nextDueMs;
  }

  #makeSettler(): Settler {
    const { store, signals } = this.#options;
    return new Settler({
      store,
      token: () => this.#lease.token,
      pause: (ms) => sleep(this.#clock, ms),
      lost: (tasks) => signals.lost.publish({ tasks }),
      refused: (error) => {
        signals.failing.publish({ error });
        this.#queues.reconcile();
      },
      due: (delayMs) => (delayMs > 0 ? this.#expect(delayMs) : this.#wakeFleet()),
    });
  }

  /** Something becomes due then. */
  #expect(delayMs: number): void {
    if (this.#state === "open") this.#heartbeat.beatWithin(delayMs);
  }

  #wakeFleet(): void {
    this.wake(this.queueNames);
    this.#options.store.notifyQueues(this.queueNames);
  }

  /** Releases what was not begun, for others to begin. */
  #releaseAll(): void {
    const held = this.#queues.withdraw();
    void this.#inbox.announce();
    if (held.length > 0) void this.#queues.release(held).then(() => this.#options.store.notifyQueues(this.queueNames));
  }

  #failed(error: unknown): void {
    if (error instanceof Fault && error.type === "lease_lost") return this.#loseLease();
    this.#options.signals.failing.publish({ error });
  }

  /** Others have these tasks now. */
  #loseLease(): void {
    if (this.#lease.token === undefined) return;
    this.#lease.drop();
    this.#settler.drop();
    this.#queues.abandon();
    this.#runner.abandon();
    this.#heartbeat.beatIn(rejoinMs);
  }

  async #beat(): Promise<number> {
    let nextMs: number = limits.taskPollMs;
    try {
      const { token } = this.#lease;
      if (token === undefined) await this.#rejoin();
      else nextMs = await this.#look(token);
      if (this.#state === "open") nextMs = Math.min(nextMs, (await this.#options.onHeartbeat()) ?? nextMs);
    } catch (error) {
      this.#failed(error);
    }
    if (this.#lease.isOver) this.#loseLease();
    return nextMs;
  }

  async #look(token: number): Promise<number> {
    const { store, signals } = this.#options;
    const found = await this.#lease.look(token, this.#state === "open" ? this.queueNames : []);
    if (!found.alive) {
      this.#loseLease();
      return rejoinMs;
    }
    this.#nextDueMs = found.nextDueMs;
    await this.#inbox.announce();
    if (found.rescued > 0) signals.rescued.publish({ tasks: found.rescued });
    if (found.rescued > 0 || found.promoted > 0) store.notifyQueues(this.queueNames);
    this.wake(found.waiting);
    return Math.max(shortestBeatMs, Math.min(limits.taskPollMs, found.nextDueMs ?? limits.taskPollMs));
  }

  async #rejoin(): Promise<void> {
    if (this.#state !== "open") return;
    await this.#lease.join();
    this.wake(this.queueNames);
  }
}
