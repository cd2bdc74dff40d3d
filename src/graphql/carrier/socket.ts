import assert from "node:assert";
import { Fault, toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { current } from "../../pipeline/pipeline.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { Handover } from "../../pipeline/stream/handover.ts";
import { runPlan } from "../run/execute.ts";
import { requestErrors, resultOf } from "../run/replies.ts";
import { Subscription } from "../run/subscription.ts";
import { checkAsked } from "./asked.ts";
import { chargeCaller, prepareRun, type ServerTerms } from "./prepare.ts";

type Message = Readonly<Record<string, unknown>>;

const ack = "connection_ack";
const acknowledgement: Message = { type: ack };
/** What of one socket may run at once. */
const runningAtOnce = 100;

/**
 * Serves one WebSocket: takes the messages of its client, and gives those for it.
 * *Source*: the protocol `graphql-transport-ws` of graphql-ws. *Faults thrown*: `graphql_message_invalid`, which closes it.
 */
export async function* serveSocket(terms: ServerTerms, incoming: AsyncIterable<unknown>): AsyncGenerator<unknown, void> {
  const carrier = current.getStore();
  assert(carrier !== undefined, "a WebSocket of GraphQL is an execution");
  const socket = new GraphqlSocket(terms, carrier);
  void socket.read(incoming);
  try {
    for (let given = await socket.out.take(); given !== undefined; given = await socket.out.take()) yield given;
  } finally {
    socket.stop();
  }
}

class GraphqlSocket {
  readonly #terms: ServerTerms;
  readonly #carrier: RunningExecution;
  /** What runs, by the ids that the client gave. */
  readonly #running = new Map<string, { stop(): void; drained?(): void }>();
  readonly out: Handover<Message>;
  #isInitialised = false;
  #emptied: (() => void) | undefined;

  constructor(terms: ServerTerms, carrier: RunningExecution) {
    this.#terms = terms;
    this.#carrier = carrier;
    this.out = new Handover(() => {
      this.#emptied?.();
      for (const one of this.#running.values()) one.drained?.();
    });
  }

  /**
   * Takes messages until there are no more, or one is not of the protocol. *Bounds*: where its client has not taken what it got, no message follows: of the
   * results that wait for it there are no more than run at once.
   */
  async read(incoming: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const message of incoming) {
        this.#take(message as Message);
        if (this.out.isFull)
          await new Promise<void>((resolve) => {
            this.#emptied = resolve;
          });
      }
      this.out.end();
    } catch (thrown) {
      this.out.end(thrown);
    }
  }

  stop(): void {
    for (const one of this.#running.values()) one.stop();
    this.#running.clear();
  }

  #take({ type, id, payload }: Message): void {
    if (type === "ping") return this.out.give({ type: "pong" });
    if (type === "pong") return;
    if (type === "connection_init") {
      if (this.#isInitialised) throw refused("It has sent connection_init twice.");
      this.#isInitialised = true;
      return this.out.give(acknowledgement);
    }
    if (!this.#isInitialised) throw refused("It has not sent connection_init first.");
    if (typeof id !== "string" || id === "" || id.length > limits.streamIdChars) throw refused("A message has no id.");
    if (type === "complete") return this.#complete(id);
    if (type !== "subscribe") throw refused("A message has a type that clients do not send.");
    if (this.#running.has(id)) throw refused("Two subscriptions have one id.");
    if (this.#running.size >= runningAtOnce) throw refused(`It has more than ${runningAtOnce} subscriptions at once.`);
    const leaving = new AbortController();
    this.#running.set(id, { stop: () => leaving.abort() });
    void this.#run(id, payload, leaving);
  }

  #complete(id: string): void {
    this.#running.get(id)?.stop();
    this.#running.delete(id);
  }

  async #run(id: string, payload: unknown, leaving: AbortController): Promise<void> {
    const carrier = this.#carrier;
    const ends = (message: Message) => {
      // It may have stopped meanwhile, and another may have its id.
      if (leaving.signal.aborted) return;
      this.#running.delete(id);
      this.out.give(message);
    };
    try {
      const run = await prepareRun(this.#terms, checkAsked((payload ?? {}) as Message), { carrier, writes: true });
      if (leaving.signal.aborted) return;
      if (run.plan.root !== "Subscription") {
        const outcome = await runPlan(this.#terms, { ...run, signal: leaving.signal });
        if (!leaving.signal.aborted) this.out.give({ id, type: "next", payload: resultOf(outcome) });
        return ends({ id, type: "complete" });
      }
      const subscription = new Subscription(this.#terms, run, {
        next: (result) => {
          if (!leaving.signal.aborted) this.out.give({ id, type: "next", payload: resultOf(result) });
          return !this.out.isFull;
        },
        beat: () => undefined,
        complete: () => ends({ id, type: "complete" }),
        stallMs: limits.downloadStallMs,
      });
      const stop = () => {
        leaving.abort();
        subscription.stop();
      };
      this.#running.set(id, { stop, drained: () => subscription.drained() });
      subscription.start();
    } catch (thrown) {
      const fault = toFault(thrown);
      const refusal = await chargeCaller(carrier).then(() => fault, toFault);
      ends({ id, type: "error", payload: requestErrors(refusal, carrier.requestId) });
    }
  }
}

const refused = (why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "graphql_message_invalid",
    message: `The client of a WebSocket of GraphQL sent what the protocol graphql-transport-ws does not have: ${why} The connection was closed.`,
  });
