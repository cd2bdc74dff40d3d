import { Fault } from "../../core/fault.ts";
import { readInput, withMade } from "../../core/schema/made.ts";
import { parseTraceparent, type TraceParent } from "../../core/trace.ts";
import type { Actor } from "../../operation/actor.ts";
import type { Criticality } from "../../operation/execution.ts";
import { readCriticality } from "../../operation/execution.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { Attempt, Invocation } from "../../pipeline/state/invocation.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { HeldTask } from "../claims/held-task.ts";
import { readContext, type TaskContext } from "../context.ts";
import type { TaskDefinition } from "../definition.ts";
import type { ClaimStore } from "../ports/claim-store.ts";

const actors = new Map<string, Actor>();
const rememberedActors = 10_000;

/** Durable work runs as the system, on behalf of the actor that started it. */
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
export class TaskInvocation implements Invocation, Attempt {
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
  /** Its index among all tasks that run. */
  index = -1;
  #made: unknown = undefined;
  readonly #context: TaskContext | undefined;
  readonly #store: Pick<ClaimStore, "completion">;
  readonly #token: number;
  readonly #ended: (execution: RunningExecution, invocation: TaskInvocation) => void;

  constructor(
    task: HeldTask,
    run: {
      readonly definition: TaskDefinition;
      readonly store: Pick<ClaimStore, "completion">;
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

  get durable(): Attempt {
    return this;
  }
  get tenant(): string | undefined {
    return this.#context?.tenant;
  }
  get idempotencyKey(): string {
    return this.key;
  }
  get criticality(): Criticality | undefined {
    return readCriticality(this.#context?.criticality);
  }
  get trace(): TraceParent | undefined {
    const trace = this.#context?.trace;
    return trace === undefined ? undefined : parseTraceparent(trace);
  }

  authenticate(): Actor {
    if (this.#context === undefined) throw contextUnreadable();
    return actorOf(this.#context);
  }

  readInput(execution: RunningExecution): undefined {
    try {
      const { sent, made } = readInput(this.task.input);
      execution.input = sent;
      this.#made = made;
    } catch (cause) {
      throw new Fault({
        code: "invalid_argument",
        type: "malformed_json",
        message: "The stored input of the task is not JSON, because another program wrote to the table. Start the task again.",
        cause,
      });
    }
  }

  sameInput(parsed: unknown): unknown {
    return withMade(parsed, this.#made);
  }

  completion(): Statement {
    return this.#store.completion(this.#token, this.task, this.definition.history);
  }

  prepare(): void {}

  reply(execution: RunningExecution): undefined {
    this.#ended(execution, this);
  }
}

const contextUnreadable = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "task_context_unreadable",
    message:
      "The stored context of the task is not a JSON object, because another program wrote to the table, so its tenant and actor are unknown. Start the task again.",
  });
