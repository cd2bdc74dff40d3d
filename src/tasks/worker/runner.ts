import { Fault } from "../../core/fault.ts";
import { IntrusiveSet } from "../../core/intrusive-set.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { HeldTask } from "../claims/held-task.ts";
import type { TaskDefinition } from "../definition.ts";
import { cancelled, expired, type Outcome, outcomeOf } from "../outcome.ts";
import type { ClaimStore } from "../ports/claim-store.ts";
import type { TaskSignals } from "../signals.ts";
import { TaskInvocation } from "./invocation.ts";
import type { Settler } from "./settler.ts";
import { Suspects } from "./suspects.ts";

/** What running tasks needs. */
export interface TaskRunnerOptions {
  readonly runtime: Runtime;
  readonly store: Pick<ClaimStore, "beginSuspects" | "completion">;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly signals: TaskSignals;
  readonly settler: Settler;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  /** Gives tasks back to the store. */
  readonly release: (tasks: readonly HeldTask[]) => void;
  /** Begin nothing more, and release what was not begun: one is to run alone. */
  readonly shut: () => void;
  /** Begin again. */
  readonly open: () => void;
  readonly failed: (error: unknown) => void;
}

/** Runs the tasks of a worker, each through the pipeline, and hands their outcomes to the settler. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #running = new IntrusiveSet<TaskInvocation>();
  readonly #suspects: Suspects;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    const { runtime, store, token, shut, open, failed } = options;
    this.#suspects = new Suspects({
      ...{ clock: runtime.clock, shut, open },
      record: (ids, alone) => store.beginSuspects(token() ?? -1, ids, alone),
      running: () => this.#running.size,
      begin: (task) => this.#begin(task),
      refused: (tasks, error) => {
        this.#giveUp(tasks);
        failed(error);
      },
    });
  }

  get size(): number {
    return this.#running.size;
  }

  /** Whether nothing may be begun for now. */
  get isShut(): boolean {
    return this.#suspects.isShut;
  }

  run(task: HeldTask): void {
    if (task.rescues > 0) this.#suspects.admit(task);
    else this.#begin(task);
  }

  /** Stops a task. Returns false where it does not run here. */
  cancel(id: string): boolean {
    const running = this.#running.list().find(({ task }) => task.id === id);
    running?.execution?.stop(cancelled());
    return running !== undefined;
  }

  /** Gives up the suspects that wait: all, or those of one queue. */
  releaseSuspects(queue?: string): void {
    this.#giveUp(this.#suspects.takeBack(queue));
  }

  /** The lease is lost: stops what runs. It could not be completed anyway. */
  abandon(): void {
    this.#suspects.abandon();
    const fault = leaseLost();
    for (const { execution } of this.#running.list()) execution?.stop(fault);
  }

  #begin(task: HeldTask): void {
    const { definitions, runtime, store, signals } = this.#options;
    const definition = definitions.get(task.name);
    const token = this.#options.token();
    // Without a lease other workers have the task by now. A missing definition should not happen: workers claim only names that they know.
    if (token === undefined || definition === undefined) return this.#giveUp([task]);
    if (task.isCancelled) return this.#refuse(task, cancelled());
    if (task.lag >= definition.ttlMs) return this.#refuse(task, expired(task, definition.ttlMs));
    if (task.attempt === 1) signals.began.publish({ task: task.name, lagMs: task.lag });
    const invocation = new TaskInvocation(task, { definition, store, token, ended: this.#ended });
    this.#running.add(invocation);
    invocation.execution = runtime.start(definition.compiled, invocation);
  }

  readonly #ended = (execution: RunningExecution, invocation: TaskInvocation): void => {
    const { task, definition, committed } = invocation;
    const { settler, signals, runtime } = this.#options;
    this.#running.delete(invocation);
    const fault = committed ? undefined : execution.fault;
    // Most attempts succeed, which leaves nothing to decide.
    const outcome: Outcome =
      fault === undefined
        ? { kind: "completed" }
        : outcomeOf(definition, { fault, attempt: task.attempt, waitedMs: task.lag, random: () => runtime.clock.random() });
    signals.ended.publish({ task: task.name, id: task.id, outcome: outcome.kind, attempt: task.attempt });
    this.#leave(task);
    if (committed || outcome.kind === "lost") task.owner.settled(task);
    else if (outcome.kind === "completed") settler.complete(task, definition.history);
    else settler.fail(task, { fault: execution.fault!, outcome, at: runtime.clock.now() });
  };

  /** Makes a dead letter of what is not to be begun any more. */
  #refuse(task: HeldTask, fault: Fault): void {
    const { settler, signals, runtime } = this.#options;
    signals.ended.publish({ task: task.name, id: task.id, outcome: "dead_lettered", attempt: task.attempt });
    this.#leave(task);
    settler.fail(task, { fault, outcome: { kind: "dead_lettered" }, at: runtime.clock.now() });
  }

  /** Releases tasks that their queues count among those that run. */
  #giveUp(tasks: readonly HeldTask[]): void {
    for (const task of tasks) {
      this.#leave(task);
      task.owner.settled(task);
    }
    this.#options.release(tasks);
  }

  #leave(task: HeldTask): void {
    task.owner.ended(task);
    this.#suspects.ended(task);
  }
}

const leaseLost = (): Fault =>
  new Fault({
    code: "aborted",
    type: "lease_lost",
    message: "The lease of this worker ended, and other workers run its tasks now. End this attempt; it can write nothing more.",
  });
