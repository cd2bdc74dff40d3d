import { type Clock, sleep } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import type { LoadLine } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import type { AwayCall, AwayCalls, AwayContract, AwayStream } from "../operation/away/away.ts";
import type { ResourceCaller, ResourceHost } from "../operation/resource.ts";
import { loadTrailer, readSaid, saidTrailer, zoneTrailer } from "../protobuf/inside.ts";
import { RetryBudget } from "../resilience/policies/retry/budget.ts";
import type { OpenCall } from "./balance/address-health.ts";
import type { Address } from "./connection/address.ts";
import { Addresses } from "./connection/addresses.ts";
import { exchange } from "./connection/exchange.ts";
import { type Opening, openStream } from "./connection/open-stream.ts";
import { isRefusal, outcomeUnknown, remoteUnavailable, replyUnreadable } from "./faults.ts";
import { headersOf } from "./outgoing-headers.ts";
import { type Form, Forms } from "./peer/forms.ts";
import { Places } from "./places.ts";
import type { RemoteSettings } from "./remote.ts";
import { RemoteStream } from "./remote-stream.ts";
import { faultOf } from "./reply-fault.ts";

const firstPauseMs = 10;

/** One call with all its attempts. */
interface Outgoing extends AwayCall {
  readonly caller: ResourceCaller;
  readonly forms: Forms;
  readonly mayRepeat: boolean;
}

/** What one attempt ended with: the output or the open stream, or a fault and whether it is worth another attempt. */
type Outcome = { readonly output: unknown } | { readonly fault: Fault; readonly again: boolean; readonly learnt?: boolean };

/** Where one attempt went, and how it was written. */
interface Asked {
  readonly address: Address;
  readonly form: Form;
}

/** Calls the operations of one remote module. */
export class RemoteCalls implements AwayCalls {
  readonly #settings: RemoteSettings;
  readonly #clock: Clock;
  readonly #service: string;
  readonly #addresses: Addresses;
  readonly #forms = new Map<string, Forms>();
  readonly #budget = new RetryBudget();
  readonly #calls: Places;
  readonly #streams: Places;

  constructor(settings: RemoteSettings, { clock, service = "a program" }: ResourceHost) {
    const { discovery, connectMs, tls, module, concurrency, streams } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#service = service;
    this.#addresses = new Addresses(discovery, { connectMs, tls }, clock);
    this.#calls = new Places({ name: `remote ${module} calls`, unit: "calls", most: concurrency, option: "concurrency" });
    this.#streams = new Places({ name: `remote ${module} streams`, unit: "streams", most: streams, option: "streams" });
    for (const one of this.#budget[loadLines]) one.nameUnder(`remote ${module}`);
  }

  get [loadLines](): readonly LoadLine[] {
    return [this.#calls.line, this.#streams.line, ...this.#budget[loadLines]];
  }

  /** Connects, if the module is there: it may start later. */
  start(): Promise<void> {
    return this.#addresses.start();
  }

  close(): void {
    this.#addresses.close();
  }

  prepare(contract: AwayContract): void {
    this.#forms.set(contract.name, new Forms(contract, this.#settings.numbers));
  }

  async call(call: AwayCall, caller: ResourceCaller): Promise<unknown> {
    this.#calls.take(this.#clock);
    try {
      return await this.#ask(call, caller);
    } finally {
      this.#calls.leave();
    }
  }

  async open(call: AwayCall, caller: ResourceCaller): Promise<AwayStream> {
    this.#streams.take(this.#clock);
    try {
      const stream = (await this.#ask(call, caller)) as RemoteStream;
      void stream.over.then(() => this.#streams.leave());
      return stream;
    } catch (error) {
      this.#streams.leave();
      throw error;
    }
  }

  async #ask(call: AwayCall, caller: ResourceCaller): Promise<unknown> {
    const { module } = this.#settings;
    const { contract, key } = call;
    const forms = this.#forms.get(contract.name) as Forms;
    caller.upstreamEnters(module);
    this.#budget.deposit();
    try {
      const mayRepeat = contract.repeatable === "always" || (contract.repeatable === "keyed" && key !== undefined);
      return await this.#attempts({ ...call, caller, forms, mayRepeat });
    } finally {
      caller.upstreamLeaves(module);
    }
  }

  async #attempts(outgoing: Outgoing): Promise<unknown> {
    const { contract, sent, tenant, actor, caller } = outgoing;
    const key = this.#settings.affinity?.({ operation: contract.name, input: sent, tenant, actorId: actor.id });
    const without = new Set<Address>();
    for (let attempt = 0; ; attempt++) {
      if (caller.signal.aborted) throw caller.signal.reason;
      const address = await this.#addresses.take({ key, zone: this.#settings.zone, without });
      const outcome =
        address === undefined ? { fault: remoteUnavailable(this.#settings.module), again: true } : await this.#attempt(address, outgoing);
      if ("output" in outcome) return outcome.output;
      if (address !== undefined) without.add(address);
      if (!outcome.again || attempt >= this.#settings.retries || !this.#budget.withdraw()) throw outcome.fault;
      // Random, so that those who failed together do not come back together.
      await sleep(this.#clock, this.#clock.random() * firstPauseMs * 2 ** attempt);
    }
  }

  /** A peer of another release says which contract it has, and has read nothing: it is asked once more, in its own form. */
  async #attempt(address: Address, outgoing: Outgoing): Promise<Outcome> {
    const outcome = await this.#once(address, outgoing);
    return "fault" in outcome && outcome.learnt === true ? this.#once(address, outgoing) : outcome;
  }

  async #once(address: Address, outgoing: Outgoing): Promise<Outcome> {
    const { caller, contract, sent, forms } = outgoing;
    const form = forms.at(address);
    const refused = form.refuses(sent);
    if (refused !== undefined) return { fault: refused, again: true };
    const message = form.method.write(sent);
    const connection = await address.take();
    // A call waits until another ends; a stream may never.
    if (connection === undefined || (contract.streams && !connection.hasRoom))
      return { fault: remoteUnavailable(contract.module), again: true };
    const [clock, spanId] = [this.#clock, caller.newSpanId()];
    const at = clock.monotonic();
    const { keys, replyBytes } = this.#settings;
    const headers = headersOf({
      ...outgoing,
      method: form.method,
      keys,
      service: this.#service,
      spanId,
      remainingMs: caller.deadlineAt - at,
      now: clock.now(),
    });
    const open = address.health.starts(at);
    const exchanged = { headers, message, signal: caller.signal, replyBytes };
    const brought = contract.streams
      ? await openStream(connection, { ...exchanged, sendsMore: contract.message !== undefined })
      : await exchange(connection, exchanged);
    const now = clock.monotonic();
    this.#learn(address, open, brought);
    if (brought.is === "open") void brought.stream.ended.then((end) => this.#learn(address, open, end));
    const said = "said" in brought ? readSaid(String(brought.said[saidTrailer] ?? "")) : undefined;
    if (said !== undefined) outgoing.takes(said);
    const outcome = this.#outcomeOf(brought, outgoing, { address, form });
    const failed = "fault" in outcome;
    caller.addSpan(
      {
        ...{ name: forms.path.slice(1), kind: "client", spanId, parentSpanId: caller.spanId, durationMs: now - at, failed },
        attributes: {
          ...{ "rpc.system": "grpc", "rpc.method": contract.name, "server.address": address.address },
          ...(failed && { "error.type": outcome.fault.type }),
        },
      },
      at,
    );
    return outcome;
  }

  /** What an address made of a call, and says of itself. */
  #learn(address: Address, call: OpenCall, brought: Opening): void {
    const now = this.#clock.monotonic();
    if (brought.is === "open") address.health.opens(call, now);
    else address.health.ends(call, brought.is === "lost" ? "failed" : brought.is === "left" ? "left" : "replied", now);
    const said = "said" in brought ? brought.said : {};
    if (said[loadTrailer] === undefined) return;
    address.health.reports(Number(said[loadTrailer]), now);
    address.zone = String(said[zoneTrailer] ?? "");
  }

  #outcomeOf(brought: Opening, { contract, forms, mayRepeat, caller }: Outgoing, asked: Asked): Outcome {
    switch (brought.is) {
      case "open":
        return { output: new RemoteStream(brought.stream, { contract, caller, form: asked.form }) };
      case "left":
        return { fault: caller.signal.reason as Fault, again: false };
      case "unreadable":
        return { fault: replyUnreadable(contract.name, brought.cause), again: false };
      case "lost":
        if (!brought.reached || mayRepeat) return { fault: remoteUnavailable(contract.module, brought.cause), again: true };
        return { fault: outcomeUnknown(contract.name, brought.cause), again: false };
      case "reply": {
        if (brought.status !== 0) {
          const fault = faultOf(brought, contract);
          if (fault.type !== "contract_differs") return { fault, again: mayRepeat && isRefusal(fault) };
          const differs = forms.learn(asked.address, brought.message);
          return { fault: differs ?? fault, again: true, learnt: differs === undefined };
        }
        try {
          return { output: asked.form.read(brought.message as Buffer) };
        } catch (cause) {
          return { fault: replyUnreadable(contract.name, cause), again: false };
        }
      }
    }
  }
}
