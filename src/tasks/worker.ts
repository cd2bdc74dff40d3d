import { type Clock, sleep, type Timer } from "../core/clock.ts";
import { formatMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Roster } from "../core/roster.ts";
import type { Service } from "../core/service.ts";
import type { Signal } from "../core/signals.ts";
import type { RunningExecution } from "../pipeline/running-execution.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import { storable, withFailure } from "./context.ts";
import type { TaskDefinition } from "./definition.ts";
import { TaskInvocation } from "./invocation.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type HeldTask, type QueueSpec, QueueWorker } from "./queue-worker.ts";
import { Settler } from "./settler.ts";
import type { TaskSignals } from "./signals.ts";
import type { Ear, HandedOver, TaskNews, TaskStore } from "./store.ts";

export interface WorkerOptions {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: TaskStore;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly queues: Readonly<Record<string, QueueSpec>>;
  readonly signals: TaskSignals;
  readonly stopping: Signal<undefined>;
  /** What else is looked after once a tick, such as schedules. */
  /** Returns when something is due, if it knows. *Units*: milliseconds from now. */
  readonly onTick: () => Promise<number | undefined>;
}

const rejoinMs = 500;
const shortestLookMs = 20;
const listenAgainMs = 1_000;
/** How long a stop waits for what became of its tasks to be written. */
const settleMs = 5_000;
/** An unknown task may be known to a newer version of this code: it waits for a worker of that. */
const unknownAttempts = 20;
const unknownDelayMs = 15_000;

/**
 * Serves queues: claims their tasks under a lease, runs them, and makes durable what became of them.
 * *Guarantees*: what it claimed is done, given back, or taken over by others a lease after its last renewal; a stop gives back at once what was not begun.
 */
export class TaskWorker implements Service {
  readonly name = "tasks";
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #queues = new Map<string, QueueWorker>();
  readonly #running = new Roster<TaskInvocation>();
  /** Held here and cancelled before they were begun. */
  readonly #cancelled = new Set<string>();
  readonly #settler: Settler;
  #token: number | undefined;
  #renewedAt = 0;
  #timer: Timer | undefined;
  /** When the next look is, and when one was asked for meanwhile. */
  #nextLookAt = Number.POSITIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #ticking: Promise<void> | undefined;
  #ear: Ear | undefined;
  /** The queues that were announced last. */
  #announced = "";
  #state: "new" | "open" | "closing" | "closed" = "new";

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { store, definitions, queues, runtime } = options;
    this.#clock = runtime.clock;
    this.#settler = new Settler({
      store,
      token: () => this.#token ?? -1,
      pause: (ms) => sleep(this.#clock, ms),
      lost: (tasks) => options.signals.lost.publish({ tasks }),
      refused: (error) => {
        options.signals.failing.publish({ error });
        for (const queue of this.#queues.values()) queue.doubt();
      },
      due: (delayMs) => (delayMs > 0 ? this.#lookWithin(delayMs) : this.#tellAll()),
    });
    const names = new Set([...[...definitions.values()].map(({ queue }) => queue), ...Object.keys(queues)]);
    for (const queue of names) {
      const worker = new QueueWorker({
        ...{ queue, spec: queues[queue] ?? {}, definitions, store, clock: this.#clock },
        token: () => this.#token,
        run: (task) => this.#run(task),
        failed: (error) => this.#failed(error),
      });
      this.#queues.set(queue, worker);
    }
  }

  get running(): number {
    return this.#running.size;
  }

  get queueNames(): readonly string[] {
    return [...this.#queues.keys()];
  }

  async start(): Promise<void> {
    const { store, stopping } = this.#options;
    this.#token = await store.join(this.#options.name);
    this.#renewedAt = this.#clock.monotonic();
    this.#state = "open";
    stopping.on(() => void this.close());
    await this.#listen();
    this.#tickSoon(0);
  }

  /** Begins nothing more, and gives back what it has not begun. */
  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closing";
    const held = [...this.#queues.values()].flatMap((queue) => queue.close());
    await Promise.all([this.#giveBack(held), this.#announce()]);
    if (held.length > 0) this.#options.store.tell(this.queueNames);
  }

  async stop(): Promise<void> {
    if (this.#state === "closed" || this.#state === "new") return;
    await this.close();
    this.#state = "closed";
    this.#ear?.stop();
    // Where the database takes nothing any more, others do again what is not written by then.
    const late = this.#clock.schedule(settleMs, () => {
      this.#token = undefined;
    });
    await this.#settler.idle();
    late.cancel();
    this.#timer?.cancel();
    await Promise.race([this.#ticking, sleep(this.#clock, settleMs)]);
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await this.#options.store.leave(token).catch(() => undefined);
    this.#options.store.tell(this.queueNames);
  }

  /** There may be something to claim in these queues. */
  wake(queues: Iterable<string>): void {
    for (const queue of queues) this.#queues.get(queue)?.wake();
  }

  /** Something is due then: it is looked for no later. */
  #lookWithin(delayMs: number): void {
    const now = this.#clock.monotonic();
    this.#dueAt = Math.min(this.#dueAt, now + delayMs);
    if (this.#state !== "open" || this.#ticking !== undefined) return;
    // Never later than it is planned: among many that are due one after the other there would be no look at all, and the lease would end.
    const lookAt = now + Math.max(shortestLookMs, delayMs);
    if (lookAt < this.#nextLookAt) this.#tickSoon(lookAt - now);
  }

  #tellAll(): void {
    this.wake(this.queueNames);
    this.#options.store.tell(this.queueNames);
  }

  /** Where nothing can be heard, the tick looks after everything meanwhile. */
  async #listen(): Promise<void> {
    const again = () => {
      this.#ear = undefined;
      if (this.#state === "open") this.#clock.schedule(listenAgainMs, () => void this.#listen());
    };
    try {
      this.#ear = await this.#options.store.listen((news) => this.#hear(news), again);
      // What was told while nobody listened, and what was handed to whom nobody heard.
      if (this.#announced !== "") for (const queue of this.#queues.values()) queue.doubt();
      this.#announced = "";
      this.wake(this.queueNames);
    } catch (error) {
      this.#failed(error);
      again();
    }
  }

  #hear(news: TaskNews): void {
    if ("queue" in news) this.wake([news.queue]);
    else if ("handedOver" in news) this.#takeOver(news.handedOver);
    else if ("due" in news) this.#lookWithin(0);
    else if ("pause" in news) void this.#giveBack(this.#queues.get(news.pause)?.forget() ?? []);
    else this.#cancel(news.cancel);
  }

  #takeOver({ token, queue, task }: HandedOver): void {
    // What was leased to the worker that this process was before is others' by now.
    if (token !== this.#token || this.#queues.get(queue)?.takeOver(task)) return;
    void this.#options.store
      .giveBack(token, [task])
      .then(() => this.#options.store.tell([queue]))
      .catch(() => this.#queues.get(queue)?.doubt());
    void this.#announce();
  }

  /** Says what it would begin at once, where that has changed. */
  async #announce(): Promise<void> {
    const [token, channel] = [this.#token, this.#ear?.channel];
    if (token === undefined || channel === undefined) return;
    const idle = this.#state === "open" ? [...this.#queues].flatMap(([queue, worker]) => (worker.isIdle ? [queue] : [])) : [];
    const announced = idle.length === 0 ? "" : JSON.stringify([token, channel, idle]);
    if (announced === this.#announced) return;
    this.#announced = announced;
    // Where it fails, what is handed over wrongly is given back.
    await this.#options.store.announce(token, channel, idle).catch(() => {
      this.#announced = "unknown";
    });
  }

  #cancel(id: string): void {
    const running = this.#running.list().find(({ task }) => task.id === id);
    if (running !== undefined) running.execution?.stop(cancelled());
    else if ([...this.#queues.values()].some((queue) => queue.knows(id))) {
      // Some are given back before their turn comes, and nobody would take them out.
      if (this.#cancelled.size >= limits.tasksHeld) this.#cancelled.clear();
      this.#cancelled.add(id);
    }
  }

  #giveBack(held: readonly HeldTask[]): Promise<void> {
    const token = this.#token;
    if (token === undefined || held.length === 0) return Promise.resolve();
    // Where it fails they are looked for, as those of a claim whose answer was lost.
    return this.#options.store.giveBack(token, held).catch(() => {
      for (const queue of this.#queues.values()) queue.doubt();
    });
  }

  #run(task: HeldTask): void {
    const { definitions, runtime, store, signals } = this.#options;
    const definition = definitions.get(task.name);
    const token = this.#token;
    if (definition === undefined) return this.#runUnknown(task);
    if (token === undefined) {
      task.owner.ended(task);
      return task.owner.settled(task);
    }
    if (this.#cancelled.delete(task.id)) return this.#bury(task, cancelled());
    if (task.lag >= definition.ttlMs) return this.#bury(task, expired(task, definition.ttlMs));
    if (task.attempt === 1) signals.began.publish({ task: task.name, lagMs: task.lag });
    const invocation = new TaskInvocation(task, {
      ...{ definition, store, token },
      ended: this.#ended,
    });
    this.#running.add(invocation);
    invocation.execution = runtime.start(definition.compiled, invocation);
  }

  readonly #ended = (execution: RunningExecution, invocation: TaskInvocation): void => {
    const { task, definition, committed } = invocation;
    this.#running.delete(invocation);
    const outcome = outcomeOf(definition, {
      fault: committed ? undefined : execution.fault,
      attempt: task.attempt,
      waitedMs: task.lag,
      random: () => this.#clock.random(),
    });
    this.#options.signals.ended.publish({ task: task.name, id: task.id, outcome: outcome.kind, attempt: task.attempt });
    task.owner.ended(task);
    if (committed || outcome.kind === "lost") task.owner.settled(task);
    else if (outcome.kind === "completed") this.#settler.complete(task, definition.history);
    else this.#settleFailed(task, { fault: execution.fault!, outcome });
  };

  #settleFailed(
    task: HeldTask,
    { fault, outcome }: { readonly fault: Fault; readonly outcome: Exclude<Outcome, { kind: "completed" | "lost" }> },
  ): void {
    const { attempt } = task;
    const { code, type } = fault;
    const cause = fault.cause instanceof Error ? `${fault.cause.name}: ${fault.cause.message}` : fault.message;
    const failure = { at: this.#clock.now(), attempt, code, type, message: code === "internal" ? cause : fault.message };
    const context = outcome.kind === "retried" && !outcome.spent ? task.context : withFailure(task.context, failure);
    if (outcome.kind === "buried") this.#settler.bury(task, { code: storable(type), reason: storable(failure.message), context });
    else this.#settler.retry(task, { delayMs: outcome.delayMs, spent: outcome.spent, context });
  }

  /** Ends what is not to be begun any more. */
  #bury(task: HeldTask, fault: Fault): void {
    const { attempt, name, id } = task;
    this.#options.signals.ended.publish({ task: name, id, outcome: "buried", attempt });
    task.owner.ended(task);
    this.#settleFailed(task, { fault, outcome: { kind: "buried" } });
  }

  #runUnknown(task: HeldTask): void {
    const { attempt, name } = task;
    const message = `No module of this worker has a task named ${name}. Start a worker that does, or cancel the task.`;
    const failure = { at: this.#clock.now(), attempt, code: "unimplemented" as const, type: "task_unknown", message };
    this.#options.signals.ended.publish({
      task: "unknown",
      id: task.id,
      outcome: attempt < unknownAttempts ? "retried" : "buried",
      attempt,
    });
    task.owner.ended(task);
    const context = withFailure(task.context, failure);
    if (attempt < unknownAttempts) this.#settler.retry(task, { delayMs: unknownDelayMs, spent: true, context });
    else this.#settler.bury(task, { code: "task_unknown", reason: message, context });
  }

  #failed(error: unknown): void {
    if (error instanceof Fault && error.type === "lease_lost") return this.#loseLease();
    this.#options.signals.failing.publish({ error });
  }

  /** Others have these tasks now: whatever still runs here is stopped, and could not be completed anyway. */
  #loseLease(): void {
    if (this.#token === undefined) return;
    this.#token = undefined;
    this.#settler.drop();
    for (const queue of this.#queues.values()) queue.abandon();
    this.#cancelled.clear();
    const fault = new Fault({ code: "aborted", type: "lease_lost", message: "The lease of this worker ended; others run its tasks now." });
    for (const { execution } of this.#running.list()) execution?.stop(fault);
    this.#tickSoon(rejoinMs);
  }

  #tickSoon(delayMs: number): void {
    this.#timer?.cancel();
    this.#nextLookAt = this.#clock.monotonic() + delayMs;
    this.#timer = this.#clock.schedule(delayMs, () => {
      // One look at a time: what asked for another one meanwhile gets it after.
      if (this.#ticking !== undefined) return void this.#ticking.then(() => this.#state !== "closed" && this.#tickSoon(0));
      this.#ticking = this.#tick().finally(() => {
        this.#ticking = undefined;
      });
    });
  }

  async #tick(): Promise<void> {
    let nextMs: number = limits.taskTickMs;
    this.#dueAt = Number.POSITIVE_INFINITY;
    try {
      if (this.#token === undefined) await this.#rejoin();
      else nextMs = await this.#look(this.#token);
      if (this.#state === "open") {
        const dueMs = await this.#options.onTick();
        nextMs = Math.max(shortestLookMs, Math.min(nextMs, dueMs ?? nextMs));
      }
    } catch (error) {
      this.#failed(error);
    }
    // A worker that could not renew must take itself for dead before others do.
    if (this.#token !== undefined && this.#clock.monotonic() - this.#renewedAt >= limits.taskLeaseMs) this.#loseLease();
    if (this.#state !== "closed") this.#tickSoon(Math.max(shortestLookMs, Math.min(nextMs, this.#dueAt - this.#clock.monotonic())));
  }

  async #look(token: number): Promise<number> {
    const { store, signals } = this.#options;
    const askedAt = this.#clock.monotonic();
    const renew = askedAt - this.#renewedAt >= limits.taskHeartbeatMs - limits.taskTickMs;
    const tick = await store.tick(token, renew, this.#state === "open" ? this.queueNames : []);
    if (!tick.alive) {
      this.#loseLease();
      return rejoinMs;
    }
    if (renew) this.#renewedAt = askedAt;
    await this.#announce();
    if (tick.rescued > 0) signals.rescued.publish({ tasks: tick.rescued });
    if (tick.rescued > 0 || tick.promoted > 0) store.tell(this.queueNames);
    this.wake(tick.waiting);
    return Math.max(shortestLookMs, Math.min(limits.taskTickMs, tick.nextDueMs ?? limits.taskTickMs));
  }

  async #rejoin(): Promise<void> {
    if (this.#state !== "open") return;
    const since = this.#clock.monotonic();
    this.#token = await this.#options.store.join(this.#options.name);
    this.#renewedAt = since;
    this.wake(this.queueNames);
  }
}

const cancelled = (): Fault =>
  new Fault({ code: "failed_precondition", type: "task_cancelled", message: "The task was cancelled after a worker took it." });

const expired = ({ name }: HeldTask, ttlMs: number): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "task_expired",
    message: `${name} was not begun within its time to live of ${formatMs(ttlMs)}. Serve its queue sooner, or raise ttl.`,
  });
