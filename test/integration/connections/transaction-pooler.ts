import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type ClientStatements, KeptStatements } from "./kept-statements.ts";

/** A transaction pooler that knows nothing of prepared statements, as PgBouncer with `max_prepared_statements = 0`. */
export interface TransactionPooler extends AsyncDisposable {
  through(url: string): string;
  /** Opens each connection that is free again, as RECONNECT of PgBouncer does. */
  reconnect(): Promise<void>;
}

interface Backend {
  readonly socket: Socket;
  user: Client | undefined;
  readonly kept: KeptStatements | undefined;
}

interface Client {
  readonly socket: Socket;
  backend: Backend | undefined;
  /** Queries and syncs that were not answered by "ready for query". */
  unanswered: number;
  waiting: Buffer[];
  readonly statements: ClientStatements;
}

const readyForQuery = "Z".charCodeAt(0);
const backendKey = "K".charCodeAt(0);
const terminate = "X".charCodeAt(0);
const outsideTransaction = "I".charCodeAt(0);
const asks = new Set(["Q".charCodeAt(0), "S".charCodeAt(0)]);

/** Cuts a stream into messages of the protocol; the first of a client has no type. */
function* messages(rest: { bytes: Buffer; headless: boolean }, more: Buffer): Generator<Buffer> {
  rest.bytes = Buffer.concat([rest.bytes, more]);
  for (;;) {
    const at = rest.headless ? 0 : 1;
    if (rest.bytes.length < at + 4) return;
    const size = at + rest.bytes.readInt32BE(at);
    if (rest.bytes.length < size) return;
    const message = rest.bytes.subarray(0, size);
    rest.bytes = rest.bytes.subarray(size);
    rest.headless = false;
    yield message;
  }
}

interface PoolerSpec {
  /** How many it opens at the most; the one that was free longest is taken next. */
  readonly backends: number;
  /** Whether a client keeps its backend for all of its session, as with `pool_mode = session`. */
  readonly keepsSessions?: boolean;
  /** Whether it keeps prepared statements, as with `max_prepared_statements`. */
  readonly keepsStatements?: boolean;
}

/** A transaction has a backend for itself, or a session has. */
export async function transactionPooler(url: string, spec: PoolerSpec): Promise<TransactionPooler> {
  const crossing = new Crossing(url, spec);
  const server = createServer((socket) => crossing.accept(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    through(direct) {
      const changed = new URL(direct);
      changed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return changed.href;
    },
    reconnect: () => crossing.reconnect(),
    async [Symbol.asyncDispose]() {
      for (const socket of crossing.sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

class Crossing {
  readonly sockets = new Set<Socket>();
  readonly #target: { readonly host: string; readonly port: number };
  readonly #backends: number;
  readonly #free: Backend[] = [];
  readonly #queue: Client[] = [];
  /** What the first backend said at its start, for clients who come when no further one may be opened. */
  readonly #greeting: Buffer[] = [];
  readonly #keepsSessions: boolean;
  readonly #keepsStatements: boolean;
  #opened = 0;
  #startup: Buffer = Buffer.alloc(0);

  constructor(url: string, { backends, keepsSessions = false, keepsStatements = false }: PoolerSpec) {
    this.#keepsSessions = keepsSessions;
    this.#keepsStatements = keepsStatements;
    const { hostname: host, port } = new URL(url);
    this.#target = { host, port: Number(port) };
    this.#backends = backends;
  }

  accept(socket: Socket): void {
    this.sockets.add(socket);
    const client: Client = { socket, backend: undefined, unanswered: 0, waiting: [], statements: new Map() };
    const rest = { bytes: Buffer.alloc(0), headless: true };
    let greeted = false;
    socket
      .on("error", () => undefined)
      .on("data", (more) => {
        for (const message of messages(rest, more)) {
          if (greeted) this.#fromClient(client, message);
          else this.#greet(socket, message);
          greeted = true;
        }
      });
  }

  async reconnect(): Promise<void> {
    const free = this.#free.splice(0);
    for (const { socket } of free) socket.destroy();
    await Promise.all(
      free.map(() => new Promise<void>((resolve) => this.#open(this.#startup, (said) => said[0] === readyForQuery && resolve()))),
    );
  }

  #greet(socket: Socket, startup: Buffer): void {
    this.#startup = Buffer.from(startup);
    if (this.#opened >= this.#backends && this.#greeting.length > 0) return void socket.write(Buffer.concat(this.#greeting));
    const isFirst = this.#opened++ === 0;
    this.#open(startup, (message) => {
      // The key by which a client cancels is the pooler's own.
      if (message[0] === backendKey) message.writeInt32BE(message.readInt32BE(5) ^ 0x0f0f0f, 5);
      if (isFirst) this.#greeting.push(Buffer.from(message));
      socket.write(message);
    });
  }

  #open(startup: Buffer, greets: (message: Buffer) => unknown): void {
    const kept = this.#keepsStatements ? new KeptStatements() : undefined;
    const backend: Backend = { socket: connect(this.#target, () => backend.socket.write(startup)), user: undefined, kept };
    this.sockets.add(backend.socket);
    const rest = { bytes: Buffer.alloc(0), headless: false };
    let ready = false;
    backend.socket
      .on("error", () => undefined)
      .on("data", (more) => {
        for (const message of messages(rest, more)) {
          if (ready) this.#fromBackend(backend, message);
          else greets(message);
          if (!ready && message[0] === readyForQuery) {
            ready = true;
            this.#free.push(backend);
          }
          this.#serve();
        }
      });
  }

  #fromClient(client: Client, message: Buffer): void {
    if (message[0] === terminate) return;
    if (asks.has(message[0] ?? 0)) client.unanswered++;
    if (client.backend !== undefined) this.#toBackend(client, client.backend, message);
    else if (client.waiting.push(message) === 1) this.#queue.push(client);
    this.#serve();
  }

  #fromBackend(backend: Backend, message: Buffer): void {
    const client = backend.user;
    const said = backend.kept === undefined ? message : backend.kept.fromBackend(message);
    if (said !== undefined) client?.socket.write(said);
    if (client === undefined || message[0] !== readyForQuery || --client.unanswered > 0 || message[5] !== outsideTransaction) return;
    if (this.#keepsSessions) return;
    backend.user = client.backend = undefined;
    this.#free.push(backend);
  }

  #serve(): void {
    while (this.#free.length > 0 && this.#queue.length > 0) {
      const [backend, client] = [this.#free.shift(), this.#queue.shift()] as [Backend, Client];
      backend.user = client;
      client.backend = backend;
      for (const bytes of client.waiting.splice(0)) this.#toBackend(client, backend, bytes);
    }
  }

  #toBackend({ statements }: Client, { socket, kept }: Backend, message: Buffer): void {
    socket.write(kept === undefined ? message : kept.fromClient(statements, message));
  }
}
