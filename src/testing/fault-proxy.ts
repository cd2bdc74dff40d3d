import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Signal } from "../core/signals.ts";

/** What the proxy does to the first bytes from the client that contain a text. */
export interface ProxyFault {
  /** For example `commit`. */
  readonly containing: string;
  /**
   * `cut-before`: the server never sees them, the connection is cut. `cut-after`: the server answers, the answer is dropped, the connection is
   * cut. `hold`: they are kept back, as on a half-open connection, until {@link FaultProxy.release}. `swallow`: from then on nothing arrives on
   * either side, and neither is told.
   */
  readonly effect: "cut-before" | "cut-after" | "hold" | "swallow";
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  toServer: boolean;
  dropAnswers: boolean;
  swallows: boolean;
  held: Buffer[] | undefined;
}

/**
 * Stands between a client and a server, counts flights and makes the network fail where a test says.
 * A flight is what the client sends without waiting for the server in between.
 */
export class FaultProxy implements AsyncDisposable {
  readonly faulted = new Signal<ProxyFault>("faulted");
  flights = 0;
  #fault: ProxyFault | undefined;
  #refusing = false;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  readonly #server: Server;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((client) => this.#connect(client));
  }

  /** Listens on a free port of 127.0.0.1. */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** The same address with the proxy in between. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = "127.0.0.1";
    changed.port = String((this.#server.address() as AddressInfo).port);
    return changed.href;
  }

  /** Makes the network fail once, at the next bytes that fit. */
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

  /** Lets go what was held. */
  release(): void {
    for (const link of this.#links) {
      for (const bytes of link.held ?? []) link.server.write(bytes);
      link.held = undefined;
    }
  }

  /** Cuts what was swallowed: now both sides are told. The other connections go on. */
  cutSwallowed(): void {
    for (const link of this.#links) {
      if (!link.swallows) continue;
      link.swallows = false;
      this.#cut(link);
    }
  }

  async stop(): Promise<void> {
    this.down();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #connect(client: Socket): void {
    if (this.#refusing) return void client.destroy();
    const server = connect(this.#target);
    const link: Link = { client, server, toServer: false, dropAnswers: false, swallows: false, held: undefined };
    this.#links.add(link);
    client.setNoDelay();
    server.setNoDelay();
    client.on("data", (bytes) => this.#fromClient(link, bytes));
    server.on("data", (bytes) => {
      link.toServer = false;
      if (link.swallows) return;
      if (link.dropAnswers) return this.#cut(link);
      client.write(bytes);
    });
    for (const socket of [client, server]) {
      socket.on("error", () => this.#cut(link));
      socket.on("close", () => this.#cut(link));
    }
  }

  #fromClient(link: Link, bytes: Buffer): void {
    if (!link.toServer) this.flights++;
    link.toServer = true;
    if (link.swallows) return;
    if (link.held !== undefined) return void link.held.push(bytes);
    const fault = this.#fault;
    if (fault === undefined || !bytes.includes(fault.containing)) return void link.server.write(bytes);
    this.#fault = undefined;
    if (fault.effect === "hold") link.held = [bytes];
    else if (fault.effect === "swallow") link.swallows = true;
    else if (fault.effect === "cut-before") this.#cut(link);
    else {
      link.dropAnswers = true;
      link.server.write(bytes);
    }
    this.faulted.publish(fault);
  }

  #cut(link: Link): void {
    // What was swallowed stays so: the end of one side is not told to the other, until all is taken down.
    if (link.swallows && !this.#refusing) return;
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
