import assert from "node:assert";
import { limits } from "../core/limits.ts";
import { type Resource, type ResourceCaller, type ResourceHost, resource } from "../operation/resource.ts";
import { HttpClient } from "./http-client.ts";
import { type HttpClientOptions, readOptions } from "./options.ts";
import { Upstream } from "./upstream.ts";

/** Options of {@link httpOrigins}: those of a client, but for its address. */
export interface HttpOriginsOptions extends Omit<HttpClientOptions, "baseUrl" | "policy"> {
  /** Origins to which it keeps connections; of the others, the one that was used longest ago is closed. *Default*: 256. *Bounds*: 1 to 10,000. */
  readonly origins?: number;
}

/** A message to an address that is known only at run time. */
export interface OriginRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
  /** *Default*: `application/json`. */
  readonly contentType?: `application/${string}json`;
}

/** What all executions share. */
interface SharedClients {
  readonly clients: Map<string, HttpClient>;
  open(origin: string): HttpClient;
  readonly most: number;
}

/** Clients of origins that are known only at run time, such as those that tenants register. */
export class HttpOrigins {
  readonly #shared: SharedClients;
  readonly #caller: ResourceCaller | undefined;

  constructor(shared: SharedClients, caller?: ResourceCaller) {
    this.#shared = shared;
    this.#caller = caller;
  }

  /**
   * Posts JSON, and returns the status of success. *Guarantees*: as of a client; each address to which a name leads is vetted when it is connected to.
   * *Faults thrown*: as of a client.
   */
  async post({ url, headers = {}, body, contentType = "application/json" }: OriginRequest): Promise<number> {
    const { origin, pathname, search } = new URL(url);
    const client = this.#clientOf(origin);
    const bound = this.#caller === undefined ? client : client.boundTo(this.#caller);
    // A brace would be a parameter of the path.
    const path = `${pathname}${search}`.replaceAll("{", "%7B").replaceAll("}", "%7D") as `/${string}`;
    const { status } = await bound.request({ method: "POST", path, headers, body, contentType });
    return status;
  }

  #clientOf(origin: string): HttpClient {
    const { clients, most, open } = this.#shared;
    const client = clients.get(origin) ?? open(origin);
    clients.delete(origin);
    clients.set(origin, client);
    if (clients.size > most) {
      const [[oldest, idle] = []] = clients;
      if (oldest !== undefined) clients.delete(oldest);
      void idle?.close();
    }
    return client;
  }

  /** The same clients for one execution. */
  boundTo(caller: ResourceCaller): HttpOrigins {
    return new HttpOrigins(this.#shared, caller);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shared.clients.values()].map((client) => client.close()));
    this.#shared.clients.clear();
  }
}

const mostOrigins = 10_000;

/**
 * Declares clients of origins that are known only at run time: each is connected to only where its address is public, or listed in `allow`. It needs `undici`.
 * *Defaults and bounds*: those of a client; it says nothing of the trace to services of others (`propagate` is false by default).
 * @example const sender = httpOrigins("hooks.sender", { timeout: "15s" });
 */
export function httpOrigins(name: string, { origins = limits.webhookOrigins, ...options }: HttpOriginsOptions): Resource<HttpOrigins> {
  const isCount = Number.isInteger(origins) && origins >= 1 && origins <= mostOrigins;
  assert(isCount, `httpOrigins("${name}"): origins is ${origins}. Write a whole number from 1 to ${mostOrigins}.`);
  const settingsOf = (origin: string) => readOptions(name, { propagate: false, ...options, baseUrl: origin });
  return resource<HttpOrigins>(name, {
    create: (host: ResourceHost) => {
      const open = (origin: string) => new HttpClient(new Upstream(settingsOf(origin), { ...host, clock: options.clock ?? host.clock }));
      return new HttpOrigins({ clients: new Map(), open, most: origins });
    },
    dispose: (all) => all.close(),
    bind: (all, caller) => all.boundTo(caller),
  });
}
