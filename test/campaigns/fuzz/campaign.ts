import { Agent, request as send } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { runtimeOf } from "../../../src/app/app.ts";
import type { TestShop } from "../../e2e/shop/open-shop.ts";
import { Judge, type Reply } from "./judge.ts";
import { type FuzzRequest, type Operation, Requests } from "./requests.ts";
import { Dice, type Json, Values } from "./values.ts";

export interface FuzzSpec {
  readonly requests: number;
  /** The same seed makes the same choices; what ids replies name depends on the database. */
  readonly seed: number;
  /** How many are under way at once. *Default*: 8. */
  readonly concurrency?: number;
}

/** What one operation did. */
export interface OperationReport {
  readonly requests: number;
  /** Requests that reached its handler. */
  readonly handled: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

export interface FuzzReport {
  readonly requests: number;
  /** Replies, or their absence, that the document does not declare, each kind once with its first request. */
  readonly undeclared: readonly string[];
  readonly undeclaredCount: number;
  /** Replies of 500. */
  readonly internal: readonly string[];
  readonly internalCount: number;
  readonly operations: Readonly<Record<string, OperationReport>>;
}

/** Sends requests that are made from the OpenAPI document of the shop, and compares each reply with it. */
export async function fuzz(shop: TestShop, { requests, seed, concurrency = 8 }: FuzzSpec): Promise<FuzzReport> {
  return new Campaign(shop, await documentOf(shop), seed).run(requests, concurrency);
}

async function documentOf(shop: TestShop): Promise<Json> {
  const { body } = await shop.ask("GET /openapi.json");
  return body;
}

function operationsOf(document: Json): Operation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([verb, json]) => ({ path, verb, name: json.operationId, json })),
  );
}

interface Count {
  requests: number;
  handled: number;
  readonly byStatus: Record<string, number>;
}

class Campaign {
  readonly #app: TestShop["app"];
  readonly #url: URL;
  readonly #operations: readonly Operation[];
  readonly #judge: Judge;
  readonly #dice: Dice;
  readonly #values: Values;
  readonly #requests: Requests;
  readonly #welcome = new Map<string, Set<string>>();
  readonly #versions = new Map<string, string>();
  readonly #tenants: ReadonlyMap<string, string>;
  readonly #counts = new Map<string, Count>();
  readonly #undeclared = new Map<string, string>();
  readonly #internal = new Map<string, string>();
  readonly #causes = new Map<string, string>();
  /** Operations whose handlers were reached, each with the id of the request. */
  readonly #reached = new Set<string>();
  #sent = 0;
  #undeclaredCount = 0;
  #internalCount = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(shop: TestShop, document: Json, seed: number) {
    this.#app = shop.app;
    this.#url = new URL(`${shop.app.urls.surfaces[0]}`);
    this.#operations = operationsOf(document);
    this.#judge = new Judge(document);
    this.#dice = new Dice(seed);
    this.#values = new Values(this.#dice, document);
    const tokens = new Map(shop.opened.people.map(({ name, token }) => [name, token]));
    const tenants = new Map(shop.opened.people.map(({ name, tenant }) => [name, tenant]));
    this.#tenants = tenants;
    const callers = { tokens, tenants, welcome: this.#welcome };
    this.#requests = new Requests({ dice: this.#dice, values: this.#values, callers, versions: this.#versions });
    // A 500 hides its cause from the caller, but must not hide it from the campaign.
    shop.app.signals.executed.on(({ operation, fault }) => {
      if (fault?.code === "internal") this.#causes.set(operation, inspect(fault.cause ?? fault, { depth: 4 }).slice(0, 2_000));
    });
    // All requests come from one address, and few of them would get through.
    this.#measureRates("rate per address");
    for (const operation of this.#operations) {
      const count: Count = { requests: 0, handled: 0, byStatus: {} };
      this.#counts.set(operation.name, count);
      const compiled = runtimeOf(shop.app).operation(operation.name);
      const inner = compiled.handler;
      Object.assign(compiled, {
        handler: (input: never, scope: { readonly requestId: string }) => {
          this.#reached.add(`${operation.name} ${scope.requestId}`);
          return inner(input, scope as never);
        },
      });
    }
  }

  async run(requests: number, concurrency: number): Promise<FuzzReport> {
    let left = requests;
    const worker = async () => {
      // Refusals are compared at the rates of callers first; where these allow few mails an hour, no handler would be reached after that.
      while (left-- > 0) {
        if (left === Math.floor(requests * (1 - atRates))) this.#measureRates("rate per ");
        await this.#one(this.#requests.make(this.#operations[left % this.#operations.length]!));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    this.#agent.destroy();
    return {
      requests,
      undeclared: [...this.#undeclared].map(([kind, first]) => `${kind}: ${first}`),
      undeclaredCount: this.#undeclaredCount,
      internal: [...this.#internal].map(([kind, first]) => `${kind}: ${first}\n  last cause: ${this.#causes.get(kind) ?? "unknown"}`),
      internalCount: this.#internalCount,
      operations: Object.fromEntries(this.#counts),
    };
  }

  #measureRates(kind: string): void {
    const rates = this.#operations.map(({ name }) => `${name} ${kind}`);
    for (const { name } of this.#app.loadLines.list())
      if (rates.some((rate) => name.startsWith(rate))) this.#app.loadLines.setMode(name, "measure", "a campaign asks for all callers");
  }

  async #one(request: FuzzRequest): Promise<void> {
    const { operation, method } = request;
    const id = `fuzz-${++this.#sent}`;
    let reply = await this.#send(request, id);
    // As a client that waits as `Retry-After` says: the campaign works in the process of the shop, which refuses what it reaches late.
    for (let tried = 1; tried <= triedAgain && isOverloaded(reply); tried++) {
      this.#compare(request, reply);
      await sleep(pauseMs * tried);
      reply = await this.#send(request, id);
    }
    const isReached = this.#reached.delete(`${operation.name} ${id}`);
    const own = method === operation.verb.toUpperCase() && !request.astray;
    if (own) {
      const count = this.#counts.get(operation.name)!;
      count.requests++;
      if (isReached) count.handled++;
      count.byStatus[reply.status] = (count.byStatus[reply.status] ?? 0) + 1;
      this.#learn(request, reply);
    }
    this.#compare(request, reply);
  }

  /** Remembers what the document does not declare, and what is a bug, each kind once with its first request. */
  #compare(request: FuzzRequest, reply: Reply): void {
    const { operation, method } = request;
    const shown = `${method} ${request.target.slice(0, 200)} ${JSON.stringify(request.headers).slice(0, 300)} ${String(request.body).slice(0, 300)}`;
    if (reply.status === 500) {
      this.#internalCount++;
      const kind = operation.name;
      if (!this.#internal.has(kind)) this.#internal.set(kind, shown);
    }
    const wrong = this.#wrong(request, reply);
    if (wrong === undefined) return;
    this.#undeclaredCount++;
    const kind = `${operation.name}: ${wrong}`;
    if (!this.#undeclared.has(kind)) this.#undeclared.set(kind, `${shown} was answered ${reply.status} ${reply.body.slice(0, 400)}`);
  }

  #wrong(request: FuzzRequest, reply: Reply): string | undefined {
    const { operation, method, astray } = request;
    if (reply.status === 0) return reply.body;
    if (astray && reply.status === 404 && reply.body.includes("urn:plimsoll:route_not_found")) return undefined;
    if (method === operation.verb.toUpperCase()) return this.#judge.undeclared(operation.json, reply);
    const verbed = this.#operations.filter(({ verb }) => verb.toUpperCase() === (method === "HEAD" ? "GET" : method));
    // Where its own path does not have the method, one with a parameter in the place of a word may: /passkeys/options is also a /passkeys/{id}.
    const sent = request.target.split("?")[0]!;
    const other = verbed.find(({ path }) => path === operation.path) ?? verbed.find(({ path }) => isOf(path, sent));
    if (other === undefined) return this.#judge.refusedMethod(method, reply);
    // What it would have been is known; the body is not.
    if (method === "HEAD") return String(reply.status) in other.json.responses ? undefined : `HEAD is ${reply.status}`;
    return this.#judge.undeclared(other.json, reply);
  }

  #learn({ operation, caller, target, method }: FuzzRequest, { status, headers, body }: Reply): void {
    const welcome = this.#welcome.get(operation.name) ?? new Set<string>();
    this.#welcome.set(operation.name, welcome);
    if (caller !== undefined && (status < 300 || status === 304)) welcome.add(caller);
    if (status >= 300 || body === "" || headers["content-type"]?.startsWith("application/json") !== true) return;
    const value: Json = JSON.parse(body);
    this.#values.scopes = caller === undefined ? [] : [caller, this.#tenants.get(caller) ?? ""];
    this.#values.learn(value, operation.path);
    const place = headers.location ?? (method === "POST" ? undefined : target.split("?")[0]);
    if (headers.etag !== undefined && place !== undefined) this.#versions.set(place.split("/").slice(0, 4).join("/"), headers.etag);
  }

  /** The reply; one of status 0 where none came. */
  #send({ method, target, headers, body }: FuzzRequest, id: string): Promise<Reply> {
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) =>
        resolve({ status: 0, headers: {}, body: `no reply: ${error.code ?? error.message}` });
      const { hostname, port } = this.#url;
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const outgoing = send(
        { hostname, port, path: target, method, headers: { "x-request-id": id, ...headers, ...length }, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", failed);
          response.on("end", () => {
            const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
            resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(received), body: Buffer.concat(chunks).toString() });
          });
        },
      );
      outgoing.on("error", failed);
      outgoing.end(body);
    });
  }
}

/** The part of the requests that is refused at the rates of callers. */
const atRates = 0.2;

/** How often a request is sent again that the shop refused for want of capacity, and how much longer it waits each time. */
const triedAgain = 4;
const pauseMs = 200;

const isOverloaded = ({ status, body }: Reply): boolean => status === 503 && body.includes("urn:plimsoll:overloaded");

/** Whether a path is one of a template of the document. */
function isOf(template: string, path: string): boolean {
  const [parts, sent] = [template.split("/"), path.split("/")];
  return parts.length === sent.length && parts.every((part, index) => part.startsWith("{") || part === sent[index]);
}

/** The report as a table. */
export function tableOf({ operations }: FuzzReport): string {
  const rows = Object.entries(operations).map(([name, { requests, handled, byStatus }]) => {
    const share = requests === 0 ? 0 : (100 * handled) / requests;
    const statuses = Object.entries(byStatus).map(([status, count]) => `${status}: ${count}`);
    return `${name.padEnd(26)}${String(requests).padStart(9)}${share.toFixed(0).padStart(8)} %   ${statuses.join("  ")}`;
  });
  return ["operation                  requests   handled   by status", ...rows].join("\n");
}
