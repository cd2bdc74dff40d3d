import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../core/clock.ts";
import { Signal } from "../core/signals.ts";
import { checkConditions, healthy, type NetworkCounts, type NetworkState } from "./network/conditions.ts";
import { Pipe } from "./network/pipe.ts";
import { PreparedTexts } from "./network/prepared-texts.ts";

/** How long a test waits for a fault that does not come. */
const faultWaitMs = 30_000;

/** What the proxy does to the first bytes from the client that contain a text. */
export interface ProxyFault {
  /**
   * The text, as whole words: `commit` matches neither `read committed` nor `synchronous_commit`. A statement of PostgreSQL that the connection has
   * prepared is sent by its name, and matches by its text all the same.
   */
  readonly containing: string;
  /**
   * `cut-before`: the server never sees them, the connection is cut. `cut-after`: the server responds, the response is dropped, the connection is
   * cut. `hold`: they are kept back, as on a half-open connection, until {@link FaultProxy.release}. `swallow`: from then on nothing arrives on
   * either side, and neither notices.
   */
  readonly effect: "cut-before" | "cut-after" | "hold" | "swallow";
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  readonly prepared: PreparedTexts;
  /** The last bytes came from the client. */
  clientSpoke: boolean;
  dropAnswers: boolean;
  swallows: boolean;
  held: Buffer[] | undefined;
}

/**
 * Forwards TCP connections between a client and a server, counts flights, and makes the network fail: once, at bytes that contain a given text
 * ({@link FaultProxy.next}), or from now on, for all connections ({@link FaultProxy.set}).
 * A flight is what the client sends without waiting for a response in between.
 * @example
 * await using proxy = new FaultProxy({ host: "127.0.0.1", port: 6379 });
 * const port = await proxy.start();
 * proxy.set({ toClient: { latencyMs: 80, jitterMs: 40 } });
 */
export class FaultProxy implements AsyncDisposable {
  /** The network failed as {@link FaultProxy.next} asked. A wait for it ends after 30 s with a fault that says so. */
  readonly faulted = new Signal<ProxyFault>("faulted");
  flights = 0;
  #fault: ProxyFault | undefined;
  #refusing = false;
  #state: NetworkState = healthy;
  readonly #counts = { connections: 0, refused: 0, broken: 0, bytesToServer: 0, bytesToClient: 0 };
  readonly #clock: Clock;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  /** Connections that were accepted and lead nowhere. */
  readonly #silent = new Set<Socket>();
  readonly #server: Server;

  /** `clock`: the source of delays and their randomness. */
  constructor(target: { readonly host: string; readonly port: number }, { clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#target = target;
    this.#clock = clock;
    this.faulted.limitWaits(faultWaitMs);
    this.#server = createServer((client) => this.#connect(client));
  }

  /** Listens on a free port of 127.0.0.1. */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Returns an address that leads through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = "127.0.0.1";
    changed.port = String((this.#server.address() as AddressInfo).port);
    return changed.href;
  }

  /** The counts since the start of the proxy. */
  get counts(): NetworkCounts {
    return { ...this.#counts, open: this.#links.size };
  }

  /**
   * Changes the network from now on, for open connections too. What is left out stays; of a direction that is given all conditions are replaced.
   * What is on its way already arrives as it was to, unless it is silenced.
   */
  set(change: Partial<NetworkState>): void {
    const { toServer = this.#state.toServer, toClient = this.#state.toClient, connections = this.#state.connections } = change;
    checkConditions(toServer);
    checkConditions(toClient);
    // Copies: what a test sets again counts again from there.
    this.#state = {
      toServer: change.toServer ? { ...toServer } : toServer,
      toClient: change.toClient ? { ...toClient } : toClient,
      connections,
    };
    this.#refresh();
  }

  /** Ends what {@link FaultProxy.set} began. Connections that are broken stay so. */
  heal(): void {
    this.#state = healthy;
    this.#refresh();
  }

  /** Resets every open connection, on both sides. New ones are accepted. */
  reset(): void {
    for (const link of this.#links) this.#reset(link);
  }

  /** Makes the network fail once, at the next bytes that match. */
  next(fault: ProxyFault): void {
    this.#fault = fault;
  }

  /** Cuts every connection, and refuses new ones until {@link up}. */
  down(): void {
    this.#refusing = true;
    for (const link of this.#links) this.#cut(link);
  }

  up(): void {
    this.#refusing = false;
  }

  /** Forwards the bytes that were held. */
  release(): void {
    for (const link of this.#links) {
      for (const bytes of link.held ?? []) link.toServer.write(bytes);
      link.held = undefined;
    }
  }

  /** Cuts the connections whose bytes were swallowed, so that both sides notice. The other connections continue. */
  cutSwallowed(): void {
    for (const link of this.#links) {
      if (!link.swallows) continue;
      link.swallows = false;
      this.#cut(link);
    }
  }

  async stop(): Promise<void> {
    this.down();
    for (const socket of this.#silent) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #connect(client: Socket): void {
    if (this.#refusing) return void client.destroy();
    const { connections } = this.#state;
    if (connections !== "accept") return this.#refuse(client, connections);
    this.#counts.connections++;
    const link = this.#join(client, connect(this.#target));
    this.#links.add(link);
    const { server, toServer, toClient } = link;
    client.setNoDelay();
    server.setNoDelay();
    client.on("data", (bytes) => this.#fromClient(link, bytes));
    server.on("data", (bytes) => {
      link.clientSpoke = false;
      if (link.swallows) return;
      if (link.dropAnswers) return this.#cut(link);
      toClient.write(bytes);
    });
    // Each is followed by "close".
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.on("close", () => toServer.end());
    server.on("close", () => toClient.end());
  }

  #join(client: Socket, server: Socket): Link {
    const pipe = (source: Socket, target: Socket, direction: "toServer" | "toClient") =>
      new Pipe({
        source,
        target,
        clock: this.#clock,
        conditions: () => this.#state[direction],
        onArrival: (bytes) => {
          this.#counts[direction === "toServer" ? "bytesToServer" : "bytesToClient"] += bytes;
        },
        onEnd: (cause) => {
          if (cause === "cut") this.#counts.broken++;
          this.#end(link);
        },
        onReset: () => this.#reset(link),
      });
    const link: Link = {
      client,
      server,
      toServer: pipe(client, server, "toServer"),
      toClient: pipe(server, client, "toClient"),
      prepared: new PreparedTexts(),
      clientSpoke: false,
      dropAnswers: false,
      swallows: false,
      held: undefined,
    };
    return link;
  }

  #refuse(client: Socket, how: "reset" | "silence"): void {
    this.#counts.refused++;
    client.on("error", () => undefined);
    if (how === "reset") return void client.resetAndDestroy();
    this.#silent.add(client);
    client.once("close", () => this.#silent.delete(client));
  }

  #refresh(): void {
    for (const { toServer, toClient } of this.#links) {
      toServer.refresh();
      toClient.refresh();
    }
  }

  #fromClient(link: Link, bytes: Buffer): void {
    if (!link.clientSpoke) this.flights++;
    link.clientSpoke = true;
    const prepared = link.prepared.read(bytes);
    if (link.swallows) return;
    if (link.held !== undefined) return void link.held.push(bytes);
    const fault = this.#fault;
    const contains = (text: string) => fault !== undefined && hasWords(text, fault.containing);
    if (fault === undefined || !(contains(bytes.toString("latin1")) || prepared.some(contains))) return link.toServer.write(bytes);
    this.#fault = undefined;
    if (fault.effect === "hold") link.held = [bytes];
    else if (fault.effect === "swallow") link.swallows = true;
    else if (fault.effect === "cut-before") this.#cut(link);
    else {
      link.dropAnswers = true;
      link.toServer.write(bytes);
    }
    this.faulted.publish(fault);
  }

  #cut(link: Link): void {
    if (!this.#forget(link)) return;
    link.client.destroy();
    link.server.destroy();
  }

  /** As {@link #cut}, but what was written still leaves. */
  #end(link: Link): void {
    if (!this.#forget(link)) return;
    link.client.destroySoon();
    link.server.destroySoon();
  }

  #reset(link: Link): void {
    if (!this.#forget(link)) return;
    this.#counts.broken++;
    link.client.resetAndDestroy();
    link.server.resetAndDestroy();
  }

  #forget(link: Link): boolean {
    // What was swallowed stays so: the end of one side is not passed on to the other, until the proxy is taken down.
    if (link.swallows && !this.#refusing) return false;
    link.toServer.close();
    link.toClient.close();
    this.#links.delete(link);
    return true;
  }
}

function hasWords(text: string, words: string): boolean {
  const sought = Buffer.from(words).toString("latin1");
  for (let at = text.indexOf(sought); at !== -1; at = text.indexOf(sought, at + 1))
    if (!/\w\w/.test(text.slice(Math.max(0, at - 1), at + 1)) && !/\w\w/.test(text.slice(at + sought.length - 1, at + sought.length + 1)))
      return true;
  return false;
}
