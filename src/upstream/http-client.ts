import type { LoadLine } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import type { AnySchema } from "../core/schema/standard.ts";
import { type Resource, type ResourceCaller, type ResourceHost, resource } from "../operation/resource.ts";
import type { AnyPolicy, FallbackOf, Runs, RunsOf } from "../resilience/policies/policy.ts";
import { type HttpClientOptions, readOptions } from "./options.ts";
import { Outgoing } from "./outgoing.ts";
import { prepare } from "./request/prepare.ts";
import type { BodyOf, HttpReply, HttpRequest, ReplyForm } from "./request/request.ts";
import { Upstream } from "./upstream.ts";

/** A client without a policy sends once. */
type SendsOf<P> = P extends AnyPolicy ? RunsOf<P> : "once";

/** A client of one upstream. `R` and `F` are those of its policy. */
export class HttpClient<R extends Runs = "once", F = never> {
  /** What a client may send follows from its policy. */
  declare readonly "may send a request": R;
  declare readonly "may return in its place": F;
  readonly #upstream: Upstream;
  readonly #caller: ResourceCaller | undefined;

  constructor(upstream: Upstream, caller?: ResourceCaller) {
    this.#upstream = upstream;
    this.#caller = caller;
  }

  /** The name of the upstream. */
  get name(): string {
    return this.#upstream.name;
  }

  /**
   * Sends a request, and reads the reply.
   * *Guarantees*: it ends within its time, that of the operation included; what is cancelled is not sent, or its connection is closed.
   * *Faults thrown*: those of the policy, and those that `docs/guide/upstreams.md` lists. None has anything of the upstream's reply in it but its status.
   * @example const { body } = await prices.request({ method: "GET", path: "/prices/{sku}", params: { sku }, output: Price });
   */
  request<O extends ReplyForm = undefined, I extends AnySchema = AnySchema>(
    request: HttpRequest<R, O, I>,
  ): Promise<HttpReply<BodyOf<O> | F>> {
    const work = this.#send(request as HttpRequest<Runs, ReplyForm, AnySchema>) as Promise<HttpReply<BodyOf<O> | F>>;
    return this.#caller === undefined ? work : this.#caller.given(`request(${this.name})`, work);
  }

  async #send(request: HttpRequest<Runs, ReplyForm, AnySchema>): Promise<HttpReply<unknown>> {
    const prepared = prepare(this.#upstream.settings, request);
    return await new Outgoing(this.#upstream, prepared, {
      ...{ caller: this.#caller, signal: request.signal },
      ...{ within: request.within, onAttempt: request.onAttempt },
    }).run();
  }

  /** Its limits, for those that list them. */
  get [loadLines](): readonly LoadLine[] {
    return this.#upstream.lines;
  }

  /** The same client for one execution: its requests carry the deadline, the signal and the trace of it. */
  boundTo(caller: ResourceCaller): HttpClient<R, F> {
    return new HttpClient<R, F>(this.#upstream, caller);
  }

  /** Closes its connections. What is under way fails. */
  close(): Promise<void> {
    return this.#upstream.close();
  }
}

/**
 * Declares a client of an upstream: a resource that actions and tasks ask for with `uses`. It needs the package `undici`.
 * *Defaults and bounds*: those of {@link HttpClientOptions}. A policy is state: give each client one of its own.
 * *Faults thrown* at the start: `failed_precondition` as `upstream_options_invalid`, `upstream_network_invalid`, `upstream_address_refused`.
 * @example
 * const prices = httpClient("prices", { baseUrl: "https://prices.example.com/v2", timeout: "300ms", policy: compose(retry(), breaker()) });
 * action("shop.price", { uses: { prices }, run: async ({ sku }, { prices }) => (await prices.request({ method: "GET", path: "/{sku}", params: { sku }, output: Price })).body, … });
 */
export function httpClient<const P extends AnyPolicy | undefined = undefined>(
  name: string,
  options: HttpClientOptions<P>,
): Resource<HttpClient<SendsOf<P>, FallbackOf<P>>> {
  return resource<HttpClient<SendsOf<P>, FallbackOf<P>>>(name, {
    create: (host) => open(name, options, host) as unknown as HttpClient<SendsOf<P>, FallbackOf<P>>,
    dispose: (client) => client.close(),
    bind: (client, caller) => client.boundTo(caller),
  });
}

/** The clients of several upstreams, by their names. */
export type HttpClients<O extends Readonly<Record<string, HttpClientOptions<AnyPolicy | undefined>>>> = {
  readonly [K in keyof O]: HttpClient<SendsOf<O[K]["policy"]>, FallbackOf<O[K]["policy"]>>;
};

/**
 * Declares clients of several upstreams as one resource, for an operation that chooses among them at run time.
 * *Defaults, bounds and faults*: those of {@link httpClient}; each has its own connections and its own policy.
 * @example const upstreams = httpClients("relay.upstreams", { catalog: { baseUrl: catalogUrl, timeout: "100ms" }, stock: { baseUrl: stockUrl, timeout: "100ms" } });
 */
export function httpClients<const O extends Readonly<Record<string, HttpClientOptions<AnyPolicy | undefined>>>>(
  name: string,
  options: O,
): Resource<HttpClients<O>> {
  const each = <T>(make: (name: string) => T) => Object.fromEntries(Object.keys(options).map((one) => [one, make(one)]));
  const of = (clients: HttpClients<O>, one: string) => (clients as unknown as Readonly<Record<string, HttpClient>>)[one] as HttpClient;
  return resource<HttpClients<O>>(name, {
    create: (host) => {
      const clients = each((one) => open(one, options[one] as HttpClientOptions<AnyPolicy | undefined>, host));
      return { ...clients, [loadLines]: Object.values(clients).flatMap((client) => client[loadLines]) } as unknown as HttpClients<O>;
    },
    dispose: async (clients) => void (await Promise.all(Object.keys(options).map((one) => of(clients, one).close()))),
    bind: (clients, caller) => each((one) => of(clients, one).boundTo(caller)) as unknown as HttpClients<O>,
  });
}

function open(name: string, options: HttpClientOptions<AnyPolicy | undefined>, host: ResourceHost): HttpClient<Runs, unknown> {
  return new HttpClient<Runs, unknown>(new Upstream(readOptions(name, options), { ...host, clock: options.clock ?? host.clock }));
}
