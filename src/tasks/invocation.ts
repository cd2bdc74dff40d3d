import { Fault } from "../core/fault.ts";
import { parseTraceparent, type TraceParent } from "../core/trace.ts";
import type { Actor } from "../operation/actor.ts";
import type { HttpFacts } from "../operation/execution.ts";
import type { Statement } from "../operation/transaction.ts";
import type { Invocation, RunningExecution, TaskRun } from "../pipeline/running-execution.ts";
import { readContext, type TaskContext } from "./context.ts";
import type { TaskDefinition } from "./definition.ts";
import type { HeldTask } from "./queue-worker.ts";
import type { TaskStore } from "./store.ts";

const actors = new Map<string, Actor>();
const rememberedActors = 10_000;

/** Durable work runs as the system, on behalf of whoever started it. */
function actorOf({ actor = "system", tenant }: TaskContext): Actor {
  const name = `${tenant ?? ""}\n${actor}`;
  let known = actors.get(name);
  if (known === undefined) {
    if (actors.size >= rememberedActors) actors.clear();
    known = Object.freeze({ id: actor, kind: "system", roles: Object.freeze(["system"]), tenant, claims: Object.freeze({ tid: tenant }) });
    actors.set(name, known);
  }
  return known;
}

/** One attempt of a task, on the way of every request. */
export class TaskInvocation implements Invocation, TaskRun {
  readonly surface = "task";
  readonly address = undefined;
  readonly requestId: string;
  readonly remainingMs = undefined;
  readonly key: string;
  readonly attempt: number;
  readonly task: HeldTask;
  readonly definition: TaskDefinition;
  committed = false;
  execution: RunningExecution | undefined = undefined;
  /** Its seat among all tasks that run. */
  seat = -1;
  readonly #context: TaskContext | undefined;
  readonly #store: TaskStore;
  readonly #token: number;
  readonly #ended: (execution: RunningExecution, invocation: TaskInvocation) => void;

  constructor(
    task: HeldTask,
    run: {
      readonly definition: TaskDefinition;
      readonly store: TaskStore;
      readonly token: number;
      readonly ended: (execution: RunningExecution, invocation: TaskInvocation) => void;
    },
  ) {
    this.task = task;
    this.definition = run.definition;
    this.attempt = task.attempt;
    this.requestId = task.id;
    this.key = `${task.name}:${task.id}`;
    this.#context = readContext(task.context);
    this.#store = run.store;
    this.#token = run.token;
    this.#ended = run.ended;
  }

  get idempotencyKey(): string {
    return this.key;
  }
  get trace(): TraceParent | undefined {
    const trace = this.#context?.trace;
    return trace === undefined ? undefined : parseTraceparent(trace);
  }

  authenticate(execution: RunningExecution): Actor {
    execution.task = this;
    execution.attempt = this.attempt;
    if (this.#context === undefined) throw contextUnreadable();
    return actorOf(this.#context);
  }

  readInput(execution: RunningExecution): undefined {
    try {
      execution.input = JSON.parse(this.task.input);
    } catch (cause) {
      throw new Fault({ code: "invalid_argument", type: "malformed_json", message: "The stored input of the task is no JSON.", cause });
    }
  }

  completion(): Statement {
    return this.#store.completion(this.#token, this.task, this.definition.history);
  }

  reply(execution: RunningExecution): HttpFacts | undefined {
    this.#ended(execution, this);
    return undefined;
  }
}

const contextUnreadable = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "task_context_unreadable",
    message: "What the task remembers is no JSON object, so it is not known on whose behalf it runs. Start it again.",
  });
