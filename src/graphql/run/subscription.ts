import { type Fault, toFault } from "../../core/fault.ts";
import { callerLeft } from "../../pipeline/sign-in.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";
import type { PlannedRoot } from "../plan/planner.ts";
import type { Wanted } from "../plan/project.ts";
import { readArguments } from "./arguments.ts";
import { Calls } from "./calls.ts";
import { type DocumentRun, type ExecutionTerms, locationsOf, type Outcome } from "./execute.ts";
import { type FieldCall, FieldInvocation } from "./field-invocation.ts";
import { Links } from "./links.ts";
import { ErrorList } from "./replies.ts";

/** Who takes the results of a subscription. */
export interface Subscriber {
  /** Takes a result, with the id of the item that it was made of. Returns whether another may follow at once; else {@link Subscription.drained} says when. */
  next(result: Partial<Outcome>, id?: string): boolean;
  beat(): void;
  /** There is nothing more. */
  complete(): void;
  /** How long it may read nothing. *Units*: milliseconds. */
  readonly stallMs: number;
}

/** What is asked of a subscription. */
export interface SubscriptionRun extends DocumentRun {
  /** The id of the last item that the client got before. */
  readonly lastEventId?: string | undefined;
}

/** A stream as one document asks for it: its items, cut and with what relations bring, in their order. */
export class Subscription implements StreamSink {
  readonly #terms: ExecutionTerms;
  readonly #run: SubscriptionRun;
  readonly #root: PlannedRoot;
  readonly #subscriber: Subscriber;
  readonly #leaving = new AbortController();
  #execution: RunningExecution | undefined;
  #drained: (() => void) | undefined;
  /** The result that is made now. */
  #making: Promise<void> | undefined;
  bytes = 0;

  constructor(terms: ExecutionTerms, run: SubscriptionRun, subscriber: Subscriber) {
    this.#terms = terms;
    this.#run = run;
    this.#root = run.plan.roots[0] as PlannedRoot;
    this.#subscriber = subscriber;
  }

  get stallMs(): number {
    return this.#subscriber.stallMs;
  }

  /** Begins it; what keeps it from opening is a result too. */
  start(): void {
    const { carrier, variables, lastEventId } = this.#run;
    const { field } = this.#root;
    try {
      const input = readArguments(this.#terms, this.#root, variables);
      const call = {
        ...{ carrier, input, title: `${field.root}.${field.name}`, labels: { type: field.root, field: field.name } },
        ...{ idempotencyKey: undefined, charges: 1, done: (execution: RunningExecution) => this.#ended(execution) },
      };
      this.#execution = this.#terms.runtime.start(field.operation, new StreamInvocation(call, this, lastEventId));
    } catch (thrown) {
      this.#fail(toFault(thrown));
    }
  }

  /** Its client wants no more. */
  stop(): void {
    this.#leaving.abort();
    this.#execution?.stop(callerLeft());
  }

  /** Its client takes more. */
  drained(): void {
    if (this.#making === undefined) this.#drained?.();
  }

  opens(drained: () => void): this {
    this.#drained = drained;
    return this;
  }

  send(json: string, id: string | undefined): boolean {
    this.bytes += Buffer.byteLength(json);
    const { key, project } = this.#root;
    const wanted: Wanted[] = [];
    const data = { [key]: project(JSON.parse(json), wanted, { before: undefined, key }) };
    if (wanted.length === 0) return this.#subscriber.next({ data }, id);
    this.#making = this.#bring(data, wanted, id);
    return false;
  }

  beat(): void {
    this.#subscriber.beat();
  }

  async #bring(data: Record<string, unknown>, wanted: readonly Wanted[], id: string | undefined): Promise<void> {
    const { runtime, limits } = this.#terms;
    const { carrier } = this.#run;
    const errors = new ErrorList(carrier.requestId, limits.errors);
    const calls = new Calls(runtime, carrier, { most: limits.parallel, signal: this.#leaving.signal });
    await new Links({ calls, errors, limits }).bring(wanted);
    this.#making = undefined;
    if (this.#subscriber.next({ data, errors: errors.list }, id)) this.#drained?.();
  }

  async #ended({ fault, streaming }: RunningExecution): Promise<void> {
    const why = fault ?? streaming?.interruption;
    await this.#making;
    if (why !== undefined) this.#fail(why);
    else this.#subscriber.complete();
  }

  #fail(fault: Fault): void {
    const { carrier, plan } = this.#run;
    const errors = new ErrorList(carrier.requestId, 1);
    errors.add(fault, { path: { before: undefined, key: this.#root.key }, locations: locationsOf(this.#root) });
    this.#subscriber.next({ data: { [plan.keys[0] as string]: null }, errors: errors.list });
    this.#subscriber.complete();
  }
}

/** The call of an operation that streams. */
class StreamInvocation extends FieldInvocation {
  readonly #subscription: Subscription;
  readonly lastEventId: string | undefined;

  constructor(call: FieldCall, subscription: Subscription, lastEventId: string | undefined) {
    super(call);
    this.#subscription = subscription;
    this.lastEventId = lastEventId;
  }

  openStream(_execution: RunningExecution, drained: () => void): StreamSink {
    return this.#subscription.opens(drained);
  }
}
