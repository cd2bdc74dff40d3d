import { type Clock, sleep } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import { overloaded } from "../core/load-line/refusal.ts";
import type { AwayCall, AwayCalls, AwayContract } from "../operation/away/away.ts";
import type { ResourceCaller, ResourceHost } from "../operation/resource.ts";
import { loadTrailer, zoneTrailer } from "../protobuf/inside.ts";
import { RetryBudget } from "../resilience/policies/retry/budget.ts";
import type { Address } from "./connection/address.ts";
import { Addresses } from "./connection/addresses.ts";
import { type Exchange, exchange } from "./connection/exchange.ts";
import { outcomeUnknown, remoteUnavailable, replyUnreadable } from "./faults.ts";
import { headersOf } from "./outgoing-headers.ts";
import { type Form, Forms } from "./peer/forms.ts";
import type { RemoteSettings } from "./remote.ts";
import { faultOf } from "./reply-fault.ts";

const firstPauseMs = 10;

/** One call with all its attempts. */
interface Outgoing extends AwayCall {
  readonly caller: ResourceCaller;
  readonly forms: Forms;
  readonly mayRepeat: boolean;
}

/** What one attempt ended with: the output, or a fault and whether it is worth another attempt. */
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
  readonly #line: LoadLine;
  readonly #full: RefusalCount;
  #running = 0;

  constructor(settings: RemoteSettings, { clock, service = "a program" }: ResourceHost) {
    const { discovery, connectMs, tls, module, concurrency: declared } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#service = service;
    this.#addresses = new Addresses(discovery, { connectMs, tls }, clock);
    this.#line = new LoadLine({
      ...{ name: `remote ${module} calls`, unit: "calls", declared, now: () => this.#running },
      fixed: "Memory is bounded, whatever the load: give remote() another concurrency.",
    });
    this.#full = this.#line.reason("full");
    for (const one of this.#budget[loadLines]) one.nameUnder(`remote ${module}`);
  }

  get [loadLines](): readonly LoadLine[] {
    return [this.#line, ...this.#budget[loadLines]];
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
    const { module, concurrency } = this.#settings;
    const { contract, key } = call;
    const forms = this.#forms.get(contract.name) as Forms;
    if (this.#running >= concurrency && this.#line.refuses(this.#full))
      throw overloaded({ limit: this.#line.name, value: concurrency, load: this.#running }, this.#clock.random());
    this.#line.admits(++this.#running);
    caller.upstreamEnters(module);
    this.#budget.deposit();
    try {
      const mayRepeat = contract.repeatable === "always" || (contract.repeatable === "keyed" && key !== undefined);
      return await this.#attempts({ ...call, caller, forms, mayRepeat });
    } finally {
      caller.upstreamLeaves(module);
      this.#running--;
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
    const connection = address.take();
    if (connection === undefined) return { fault: remoteUnavailable(contract.module), again: true };
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
    const brought = await exchange(connection, { headers, message, signal: caller.signal, replyBytes });
    const now = clock.monotonic();
    address.health.ends(open, brought.is === "lost" ? "failed" : brought.is === "left" ? "left" : "replied", now);
    if (brought.is === "reply" && brought.said[loadTrailer] !== undefined) {
      address.health.reports(Number(brought.said[loadTrailer]), now);
      address.zone = String(brought.said[zoneTrailer] ?? "");
    }
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

  #outcomeOf(brought: Exchange, { contract, forms, mayRepeat, caller }: Outgoing, asked: Asked): Outcome {
    switch (brought.is) {
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
          if (fault.type !== "contract_differs") return { fault, again: fault.code === "unavailable" && mayRepeat };
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
