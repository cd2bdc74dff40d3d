import { connect, type Socket } from "node:net";
import pg from "pg";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Statement, StatementResult } from "../operation/transaction.ts";
import { breaksConnection } from "./errors.ts";
import { camelCase, columnTypes } from "./values.ts";

/** What a connection answers to one statement. */
export interface Answer extends StatementResult {
  /** The command tag's word: `SELECT`, `COMMIT`, `ROLLBACK` … */
  readonly command: string;
}

interface RowDescription {
  readonly fields: { name: string }[];
}

/** What `pg` calls on a query while its answer comes in; its published types leave these out. */
interface DriverQuery extends pg.Submittable {
  handleRowDescription(message: RowDescription): void;
}

/** A statement whose columns read in camel case. */
class CamelQuery extends (pg.Query as unknown as new (config: object, done: unknown) => DriverQuery) {
  override handleRowDescription(message: RowDescription): void {
    for (const field of message.fields) field.name = camelCase(field.name);
    super.handleRowDescription(message);
  }
}

const names = new Map<string, string>();
const maxNames = 100_000;

/** One name a text, the same on every connection, so that a pooler between may share prepared statements. */
function nameOf(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < maxNames) {
    name = `p${names.size.toString(36)}`;
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
  #corked = false;
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
    this.#inFlight++;
    return new Promise((resolve, reject) => {
      const done = (error: Error | null | undefined, result: pg.QueryResult) => {
        this.#inFlight--;
        if (!error) return resolve({ rows: result.rows, rowCount: result.rowCount ?? 0, command: result.command });
        if (breaksConnection(error)) this.markBroken();
        reject(error);
      };
      const { text, values } = statement;
      const name = this.#nameFor(text, values);
      const config = { text, values: values as unknown[], ...(name !== undefined && { name }) };
      const query = statement.columnsAsIs ? new pg.Query(config, done as never) : new CamelQuery(config, done);
      this.#client.query(query);
    });
  }

  /** Sends a command without parameters or rows (begin, savepoint, commit). */
  sendCommand(text: string): Promise<Answer> {
    return this.send({ text, values: noValues, columnsAsIs: true });
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

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = this.#internals();
    stream.cork();
    queueMicrotask(() => {
      this.#corked = false;
      stream.uncork();
    });
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
