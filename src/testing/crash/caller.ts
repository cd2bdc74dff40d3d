import type { App } from "../../app/app.ts";
import type { DirectCall } from "../../app/direct-call.ts";
import { sleep, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Action, Command, Operation, Query } from "../../operation/contract.ts";
import type { Started, Task } from "../../operation/durable/start.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Uses } from "../../operation/resource.ts";
import { outcomeUnknown } from "../../postgres/transaction/faults.ts";
import type { OutsideStart } from "../../tasks/spec.ts";
import type { BoundaryKind } from "./boundary.ts";
import type { World } from "./world.ts";

/** By which a commit says that its outcome is unknown. */
const { type: unknownType } = outcomeUnknown(undefined, true);

/** What one delivery of a request brought. */
type Answer =
  | { readonly state: "done"; readonly output: unknown }
  | { readonly state: "refused"; readonly fault: Fault }
  /** Nothing was changed, or the same key tells what was: the same request may be sent again. */
  | { readonly state: "again"; readonly fault: Fault }
  | { readonly state: "unknown"; readonly fault: Fault };

/** One request, however often it is delivered. */
interface Errand {
  readonly name: string;
  readonly operation: string;
  readonly key: string | undefined;
  readonly input: unknown;
  /** `key`: the responses are all the same. `free`: harmless to send again. `once`: it is not sent again unless nothing was changed. */
  readonly repeat: "key" | "free" | "once";
  /** Outputs and refusals as text, by which responses to one key are compared. */
  readonly received: Set<string>;
  send(app: App): Promise<Answer>;
}

const twiceMs = 250;
const pauseMs = 5;
const longestPauseMs = 80;
const retryStatuses = new Set([409, 429, 500, 502, 503, 504]);

/** Calls the app as a careful client does: repeats a request with the same key until there is a response, and records the response. */
export class Caller {
  readonly #world: World;
  readonly #counts = new Map<string, number>();
  readonly #pending = new Set<Errand>();
  /** What must never be, whatever the invariants of the test say. */
  readonly problems: string[] = [];

  constructor(world: World) {
    this.#world = world;
    world.requests = {
      isRepeatable: (execution) => this.#behind(execution) !== undefined,
      sendTwice: (execution) => this.#sendTwice(execution),
    };
  }

  async call<I extends AnySchema, O extends AnySchema>(
    operation: Query<I, O> | Command<I, O> | Action<I, O, Uses>,
    input: Input<I>,
    options: DirectCall = {},
  ): Promise<Output<O>> {
    const name = this.#numbered(operation.name);
    const repeat = repeatOf(operation);
    const key = repeat === "key" ? (options.key ?? `crash-${name}`) : options.key;
    const call = key === undefined ? options : { ...options, key };
    const unsafe = traitsOf(operation).transaction === "none";
    return (await this.#run({
      ...{ name, operation: operation.name, key, input, repeat, received: new Set() },
      send: (app) =>
        app.call(operation as Query<I, O>, input, call).then(
          (output): Answer => ({ state: "done", output }),
          (fault): Answer => ({ state: stateOf(fault, unsafe), fault }),
        ),
    })) as Output<O>;
  }

  /** Starts a task from outside, with a key that is the same in every run; `keyless`: without one, and so only once. */
  async start<I extends AnySchema, U extends Uses>(
    task: Task<I, U>,
    input: Input<I>,
    { keyless = false, ...options }: OutsideStart & { readonly keyless?: boolean } = {},
  ): Promise<Started> {
    const name = this.#numbered(task.name);
    const key = keyless ? undefined : (options.key ?? `crash-${name}`);
    return (await this.#run({
      ...{ name, operation: task.name, key, input, repeat: keyless ? "once" : "free", received: new Set() },
      send: (app) =>
        app.tasks.start(task, input, { ...options, ...(key !== undefined && { key }) }).then(
          (output): Answer => ({ state: "done", output }),
          (fault): Answer => ({ state: stateOf(fault, true), fault }),
        ),
    })) as Started;
  }

  /** Sends a web request by `app.fetch`; again where its method or an Idempotency-Key allows it, or where it is said to be harmless. */
  async fetch(request: Request, { harmless = false }: { readonly harmless?: boolean } = {}): Promise<Response> {
    const { method, headers } = request;
    const path = new URL(request.url).pathname.replaceAll(/\/[0-9a-f-]{36}(?=\/|$)|\/\d+(?=\/|$)/g, "/{}");
    const key = headers.get("idempotency-key") ?? undefined;
    const name = this.#numbered(`${method} ${path}`);
    const body = request.body === null ? undefined : await request.clone().text();
    const answer = (await this.#run({
      ...{ name, operation: `${method} ${path}`, key, input: body, received: new Set() },
      repeat: key !== undefined ? "key" : harmless || (method !== "POST" && method !== "PATCH") ? "free" : "once",
      send: async (app) => {
        const response = await app.fetch(request.clone());
        const output = { status: response.status, headers: [...response.headers], body: await response.text() };
        if (!retryStatuses.has(response.status) || (response.status === 409 && !response.headers.has("retry-after")))
          return { state: "done", output };
        const fault = new Fault({ code: "unavailable", message: `${response.status} ${output.body}` });
        return { state: output.body.includes(unknownType) || response.status === 500 ? "unknown" : "again", fault };
      },
    })) as { status: number; headers: [string, string][]; body: string };
    return new Response(answer.body === "" ? null : answer.body, { status: answer.status, headers: answer.headers });
  }

  async #run(errand: Errand): Promise<unknown> {
    const { director, ledger } = this.#world.spec;
    const { name, operation, key, input } = errand;
    this.#pending.add(errand);
    try {
      const fault = director.reached("request", `${name} request`);
      if (fault === "gone-before") this.#world.kill();
      const twin = fault === "twice" && errand.repeat !== "once" ? this.#untilAnswered(errand) : undefined;
      const answer = await this.#untilReceived(errand);
      await twin;
      const request = { request: name, operation, key, input };
      if (answer.state === "done") {
        ledger.acknowledged.push({ ...request, output: answer.output });
        return answer.output;
      }
      if (answer.state === "refused") ledger.refused.push({ ...request, fault: answer.fault });
      else ledger.unknown.push(request);
      throw answer.fault;
    } finally {
      this.#pending.delete(errand);
    }
  }

  /** The response that the caller received: some are lost on their way. */
  async #untilReceived(errand: Errand): Promise<Answer> {
    const { director } = this.#world.spec;
    for (;;) {
      const answer = await this.#untilAnswered(errand);
      if (answer.state === "unknown") return answer;
      const kind: BoundaryKind = errand.repeat === "once" ? "last reply" : "reply";
      const fault = director.reached(kind, `${errand.name} reply`);
      if (fault === "gone-before" || fault === "gone-after") this.#world.kill();
      if (fault === "again") await this.#untilAnswered(errand);
      if (fault !== "lost" && fault !== "gone-before") return answer;
      if (errand.repeat === "once") return silence;
    }
  }

  async #untilAnswered(errand: Errand): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#deliver(errand);
      if (answer.state === "done" || answer.state === "refused") {
        this.#compare(errand, answer);
        return answer;
      }
      this.#world.spec.director.note(`${errand.name}: ${answer.fault.message}`);
      if (answer.state === "unknown" && errand.repeat === "once") return answer;
      await sleep(systemClock, Math.min(longestPauseMs, pauseMs * 2 ** attempt));
    }
  }

  /** Sends it to the instance that lives; where that is gone before it answers, there is silence. */
  async #deliver(errand: Errand): Promise<Answer> {
    const { app, left, isLeft } = await this.#world.instance();
    const answer = await Promise.race([errand.send(app), left.then(() => silence)]);
    return isLeft() ? silence : answer;
  }

  #compare(errand: Errand, answer: Answer): void {
    if (errand.repeat !== "key") return;
    errand.received.add(answer.state === "done" ? JSON.stringify(bodyOf(answer.output)) : `refused: ${answer.fault.message}`);
    if (errand.received.size > 1)
      this.problems.push(`${errand.name} got different responses under one key: ${[...errand.received].join(" and ")}`);
  }

  async #sendTwice(execution: string): Promise<void> {
    const errand = this.#behind(execution);
    if (errand === undefined) return;
    const twin = this.#untilAnswered(errand).catch(() => undefined);
    await Promise.race([twin, sleep(systemClock, twiceMs)]);
  }

  /** The request that an execution runs for, where it may be sent again: a call of its operation, or a web request, of which it is not known. */
  #behind(execution: string): Errand | undefined {
    const operation = execution.slice(0, execution.lastIndexOf("#"));
    const candidates = [...this.#pending].filter(({ repeat }) => repeat !== "once");
    return candidates.find((each) => each.operation === operation) ?? candidates.find((each) => each.operation.includes(" "));
  }

  #numbered(operation: string): string {
    const nth = (this.#counts.get(operation) ?? 0) + 1;
    this.#counts.set(operation, nth);
    return `${operation}#${nth}`;
  }
}

const silence: Answer = {
  state: "unknown",
  fault: new Fault({
    code: "unavailable",
    message: "The app did not respond. The request may have taken effect or not: look, or send it again with the same key.",
    retryAfterMs: 10,
  }),
};

function repeatOf(operation: Operation): Errand["repeat"] {
  if (traitsOf(operation).transaction === "read") return "free";
  const { idempotent } = operation.spec;
  return idempotent === "natural" ? "free" : idempotent === "no" ? "once" : "key";
}

/** A request that failed may be sent again where nothing was changed; what an action did outside is not undone with it. */
function stateOf(fault: unknown, unsafe: boolean): "refused" | "again" | "unknown" {
  if (!(fault instanceof Fault)) throw fault;
  if (fault.type === unknownType) return "unknown";
  const passing = ["aborted", "unavailable", "deadline_exceeded", "resource_exhausted"].includes(fault.code);
  if (fault.code === "internal" || (passing && unsafe)) return "unknown";
  return passing ? "again" : "refused";
}

/** What must be the same each time: of a response not its headers, and of a problem only its type, for the rest tells of the delivery. */
function bodyOf(output: unknown): unknown {
  const { status, headers, body } = (output ?? {}) as { status?: unknown; headers?: unknown; body?: unknown };
  if (typeof status !== "number" || typeof body !== "string" || !Array.isArray(headers)) return output;
  return { status, body: status >= 400 ? (/"type":"[^"]*"/.exec(body)?.[0] ?? "") : body };
}
