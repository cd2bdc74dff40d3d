import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "../../core/clock.ts";
import { commitText, rollbackText } from "../../postgres/statements.ts";
import { MessageReader, outcomeOf, queryMessage, typeOf, type Unit, UnitReader } from "./wire-messages.ts";

/** What is to happen with a statement that is about to reach the server. */
export interface Passage {
  /** `refuse`: the server fails in its place. `stop`: it never gets there, nor does what comes after it. Otherwise it continues its way. */
  readonly way: "pass" | "refuse" | "stop";
  /** Nothing that comes after it on this connection gets to the server. */
  readonly last?: boolean;
  /** Called once the server has answered; `drop`: the response goes no further, nor does any after it. */
  answered?(outcome: string): "deliver" | "drop";
}

/** Decides over every statement of every connection. */
export interface Gate {
  /** Decides at once, or holds the connection until it has decided. `quiet` resolves when everything before has been answered. */
  passes(link: WireLink, unit: Unit, quiet: () => Promise<void>): Passage | Promise<Passage>;
}

interface Outstanding {
  readonly unit: Unit;
  readonly passage: Passage;
}

const refusal = "do $$ begin raise exception 'refused by the crash lab' using errcode = 'serialization_failure'; end $$";
/** What the server may say at any time, and what belongs to no response. */
const aside = new Set(["A", "N", "S"]);
/** What the client must receive in the middle of a response to continue. */
const copying = new Set(["G", "H", "W", "d", "c"]);

/** One connection of an app with its server, seen statement by statement. */
export class WireLink {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #gate: Gate;
  readonly #fromClient = new MessageReader("client");
  readonly #fromServer = new MessageReader("server");
  readonly #units = new UnitReader();
  readonly #waiting: (Unit | "sync")[] = [];
  readonly #outstanding: (Outstanding | "sync")[] = [];
  #answer: Buffer[] = [];
  /** One of the statements that share a sync has failed. */
  #failed = false;
  /** What the server said last when it was ready, for the client's own sync. */
  #said: Buffer = Buffer.alloc(0);
  #deciding = false;
  #ready = false;
  #ended = false;
  #quiet: (() => void) | undefined;
  /** Who uses it now; the gate keeps it. */
  user: string | undefined;

  constructor(client: Socket, server: Socket, gate: Gate) {
    this.#client = client;
    this.#server = server;
    this.#gate = gate;
    client.setNoDelay();
    server.setNoDelay();
    client.on("data", (bytes) => {
      for (const message of this.#fromClient.read(bytes)) this.#send(message);
    });
    server.on("data", (bytes) => {
      const messages = this.#fromServer.read(bytes);
      for (const message of messages) this.#receive(message);
    });
    for (const socket of [client, server]) socket.on("error", () => this.cut()).on("close", () => this.cut());
  }

  /** Whether a statement is held by the gate, or has no response yet. */
  get isBusy(): boolean {
    return !this.#ended && (this.#deciding || this.#waiting.length > 0 || this.#outstanding.length > 0);
  }

  /** Ends both sides. */
  cut(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#client.destroy();
    this.#server.destroy();
    this.#quiet?.();
  }

  /** Ends the server's side; the client receives nothing more until its connection is cut. */
  silence(): void {
    if (this.#ended) return;
    this.#client.removeAllListeners("data").pause();
    this.#ended = true;
    this.#server.destroy();
    this.#quiet?.();
  }

  destroy(): void {
    this.#ended = true;
    this.#client.destroy();
    this.#server.destroy();
  }

  #send(message: Buffer): void {
    if (this.#ended) return;
    // Before the server is ready for the first time there are no statements.
    const unit = this.#ready ? this.#units.read(message) : message;
    if (unit === undefined) return;
    if (Buffer.isBuffer(unit)) return void this.#server.write(unit);
    this.#waiting.push(unit);
    if (!this.#deciding) this.#decide();
  }

  #decide(): void {
    for (let unit = this.#waiting.shift(); unit !== undefined && !this.#ended; unit = this.#waiting.shift()) {
      if (unit === "sync") {
        this.#outstanding.push(unit);
        this.#sync();
        continue;
      }
      // As the server does: what follows a failure up to the sync is not even prepared.
      if (this.#failed) continue;
      if (this.#isBehindPart()) return void this.#waiting.unshift(unit);
      const passage = this.#gate.passes(this, unit, () => this.#whenQuiet());
      if (passage instanceof Promise) {
        this.#deciding = true;
        const held = unit;
        void passage.then((decided) => {
          this.#deciding = false;
          if (this.#pass(held, decided)) this.#decide();
        });
        return;
      }
      if (!this.#pass(unit, passage)) return;
    }
  }

  #pass(unit: Unit, passage: Passage): boolean {
    if (this.#ended) return false;
    if (passage.way === "stop") return false;
    this.#outstanding.push({ unit, passage });
    if (passage.way === "pass") this.#server.write(unit.bytes);
    else this.#server.write(queryMessage(unit.text === commitText ? `${rollbackText}; ${refusal}` : refusal));
    return passage.last !== true;
  }

  #whenQuiet(): Promise<void> {
    if (this.#ended || this.#outstanding.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet = resolve;
    });
  }

  #receive(message: Buffer): void {
    if (this.#ended) return;
    const type = typeOf(message);
    if (copying.has(type)) this.#flush();
    if (!this.#ready || aside.has(type) || copying.has(type)) {
      this.#client.write(message);
      if (type === "Z") this.#ready = true;
      return;
    }
    this.#answer.push(message);
    if (type === "Z") this.#respond(message);
  }

  #respond(ready: Buffer): void {
    const { unit, passage } = this.#outstanding.shift() as Outstanding;
    const outcome = outcomeOf(this.#answer);
    // Of a refusal only the error is passed on: what was rolled back before it is the lab's own.
    if (passage.way === "refuse") this.#answer = this.#answer.filter((part) => typeOf(part) !== "C");
    if (passage.answered?.(outcome) === "drop") return;
    if (unit.isPart) {
      this.#answer.pop();
      this.#failed = this.#answer.some((part) => typeOf(part) === "E");
    }
    this.#said = ready;
    this.#flush();
    this.#sync();
    if (this.#outstanding.length === 0) {
      this.#quiet?.();
      this.#quiet = undefined;
    }
    if (!this.#deciding) this.#decide();
  }

  /** Whether the statement before shares its sync with what comes next, and is not answered yet. */
  #isBehindPart(): boolean {
    const before = this.#outstanding.at(-1);
    return before !== undefined && before !== "sync" && before.unit.isPart;
  }

  /** The client's own sync is answered once everything before it is. */
  #sync(): void {
    if (this.#outstanding[0] !== "sync") return;
    this.#outstanding.shift();
    this.#failed = false;
    this.#client.write(this.#said);
  }

  #flush(): void {
    if (this.#answer.length === 0) return;
    this.#client.write(this.#answer.length === 1 ? this.#answer[0]! : Buffer.concat(this.#answer));
    this.#answer = [];
  }
}

/**
 * Stands between one instance of an app and its server, and understands enough of what they say to stop it at any statement or response.
 * *Guarantees*: once abandoned, nothing of the instance reaches the server any more, and nothing that the server says reaches the instance.
 */
export class WireProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #gate: Gate;
  readonly #links = new Set<WireLink>();
  readonly #silent = new Set<Socket>();
  readonly #server: Server;
  #abandoned = false;
  /** When anything was last said on any connection. *Units*: milliseconds of the monotonic clock. */
  lastByteAt = 0;

  constructor(url: string, gate: Gate) {
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port) };
    this.#gate = gate;
    this.#server = createServer((client) => this.#connect(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** Returns an address that leads through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = "127.0.0.1";
    changed.port = String((this.#server.address() as AddressInfo).port);
    return changed.href;
  }

  /** Whether a statement of any connection is under way. */
  get isBusy(): boolean {
    return [...this.#links].some((link) => link.isBusy);
  }

  /** The instance is gone: its connections end at the server at once, and it receives nothing more, as a killed process would not. */
  abandon(): void {
    this.#abandoned = true;
    for (const link of this.#links) link.silence();
  }

  async stop(): Promise<void> {
    this.#abandoned = true;
    for (const link of this.#links) link.destroy();
    for (const socket of this.#silent) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #connect(client: Socket): void {
    if (this.#abandoned) {
      this.#silent.add(client);
      client.on("error", () => undefined).on("close", () => this.#silent.delete(client));
      return;
    }
    const server = connect(this.#target);
    const link = new WireLink(client, server, this.#gate);
    this.#links.add(link);
    const touched = () => {
      this.lastByteAt = systemClock.monotonic();
    };
    client.on("data", touched).on("close", () => this.#links.delete(link));
    server.on("data", touched);
  }
}
