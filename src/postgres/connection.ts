import { connect, type Socket } from "node:net";
import pg from "pg";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Statement, StatementResult } from "../operation/transaction.ts";
import { breaksConnection, isStalePlan } from "./errors.ts";
import { columnTypes } from "./values.ts";
import { type PreparedStatements, WireQuery } from "./wire-query.ts";

/** What a connection answers to one statement. */
export interface Answer extends StatementResult {
  /** The command tag's word: `SELECT`, `COMMIT`, `ROLLBACK` … */
  readonly command: string;
}

const names = new Map<string, string>();
const maxNames = 100_000;
let named = 0;

/** One name a text, the same on every connection, so that a pooler between may share prepared statements. */
function nameOf(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < maxNames) {
    name = `p${(named++).toString(36)}`;
    names.set(text, name);
  }
  return name;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

/**
 * One connection to Postgres. Statements are pipelined: what is sent before an answer came goes out without waiting for it.
 * *Guarantees*: `onBroken` is called once, when nothing can be sent any more; every promise of `send` settles.
 */
export class Connection {
  readonly options: ConnectionOptions;
  readonly #client: pg.Client;
  readonly #prepared = new Set<string>();
  readonly #statements: PreparedStatements = { columns: new Map(), columnsAsIs: new Map() };
  #corked = false;
  /** The end of this turn sends what was held back. */
  #flushes = false;
  #inFlight = 0;
  broken = false;
  onBroken: (() => void) | undefined;

  private constructor(options: ConnectionOptions) {
    this.options = options;
    this.#client = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs,
      keepAlive: true,
      types: columnTypes as pg.CustomTypesConfig,
      ...{ pipeline: true },
    });
    this.#client.on("error", () => this.markBroken());
    this.#client.on("end", () => this.markBroken());
  }

  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    try {
      await connection.#client.connect();
    } catch (error) {
      void connection.close();
      throw error;
    }
    return connection;
  }

  /** Statements that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sends a statement, together with all others of the same turn in one flight. */
  send(statement: Statement): Promise<Answer> {
    this.#cork();
    return new Promise((resolve, reject) => {
      this.#write(statement, (error, answer) => (answer === undefined ? reject(error) : resolve(answer)));
    });
  }

  /** Sends a statement of which only a failure matters. */
  sendAside(statement: Statement, failed: (error: unknown) => void): void {
    this.#cork();
    this.#write(statement, (error) => {
      if (error !== undefined) failed(error);
    });
  }

  /**
   * Sends a command of which only a failure matters, with the next statement of this connection, or when the loop has nothing more urgent.
   * Under load it so costs no write of its own.
   */
  sendLater(text: string, failed: (error: unknown) => void): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#internals().stream.cork();
      setImmediate(() => this.#flush());
    }
    this.#write(asCommand(text), (error) => {
      if (error !== undefined) failed(error);
    });
  }

  #write({ text, values, columnsAsIs = false }: Statement, done: (error: Error | undefined, answer: Answer | undefined) => void): void {
    this.#inFlight++;
    const name = this.#nameFor(text, values);
    const query = new WireQuery({
      text,
      values,
      name,
      columnsAsIs,
      prepared: this.#statements,
      done: (error, answer) => {
        this.#inFlight--;
        if (error !== undefined) {
          // Under a new name it is prepared anew, on every connection.
          if (isStalePlan(error) && names.get(text) === name) names.delete(text);
          if (breaksConnection(error)) void this.close(true);
        }
        done(error, answer);
      },
    });
    this.#client.query(query as unknown as pg.Submittable);
  }

  /** Sends a command without parameters or rows (begin, savepoint, commit). */
  sendCommand(text: string): Promise<Answer> {
    return this.send(asCommand(text));
  }

  /** Asks the server to stop what this connection runs. Resolves when the server has taken note, or when that cannot be known. */
  cancel(): Promise<void> {
    const { processId, secretKey, host, port } = this.#internals();
    return new Promise((resolve) => {
      const socket: Socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
      socket.setTimeout(limits.quarantineMs, () => socket.destroy());
      socket.on("error", () => undefined);
      socket.on("close", () => resolve());
      const request = Buffer.alloc(16);
      request.writeInt32BE(16, 0);
      request.writeInt32BE(80877102, 4);
      request.writeInt32BE(processId, 8);
      request.writeInt32BE(secretKey, 12);
      // The server closes after it has signalled the backend: the close is the acknowledgement.
      socket.on("connect", () => socket.write(request));
      socket.resume();
    });
  }

  markBroken(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken?.();
    this.onBroken = undefined;
  }

  /** Closes in order; with `now` the socket is cut, and the server undoes what was open. */
  async close(now = false): Promise<void> {
    this.markBroken();
    if (now) this.#internals().stream.destroy();
    else await this.#client.end().catch(() => undefined);
  }

  #nameFor(text: string, values: readonly unknown[]): string | undefined {
    if (values === noValues) return undefined;
    if (!this.#prepared.has(text)) {
      if (this.#prepared.size >= limits.preparedStatements) return undefined;
      this.#prepared.add(text);
    }
    return nameOf(text);
  }

  /** Holds back what is written until the end of the turn, so that it goes out in one piece. */
  #cork(): void {
    if (!this.#corked) this.#internals().stream.cork();
    this.#corked = true;
    if (this.#flushes) return;
    this.#flushes = true;
    // After the microtasks: a handler that waited for its connection goes on in one of them.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushes = false;
    if (!this.#corked) return;
    this.#corked = false;
    this.#internals().stream.uncork();
  }

  #internals() {
    // pg has no public door to its socket and its backend's key; both have been where they are since its first versions.
    const client = this.#client as unknown as {
      readonly connection: { readonly stream: Socket };
      readonly processID: number;
      readonly secretKey: number;
      readonly host: string;
      readonly port: number;
    };
    const { processID: processId, secretKey, host, port } = client;
    return { stream: client.connection.stream, processId, secretKey, host, port };
  }
}

const noValues: readonly unknown[] = [];
const commands = new Map<string, Statement>();

/** A command without parameters; there are few, and each is sent often. */
export function asCommand(text: string): Statement {
  let command = commands.get(text);
  if (command === undefined) {
    command = { text, values: noValues, columnsAsIs: true };
    commands.set(text, command);
  }
  return command;
}
