import pg from "pg";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Statement, StatementResult } from "../operation/transaction.ts";
import { breaksConnection, isLostStatement, isStalePlan } from "./faults.ts";
import { SessionPins, sessionReading, sessionResets, sessionSetting } from "./session.ts";
import { verifiedUrl } from "./start/verified-url.ts";
import { commitText, repeated } from "./statements.ts";
import { TypeCatalog, typeStatement } from "./values/catalog.ts";
import { needsType } from "./values/write.ts";
import { requestCancel } from "./wire/cancel.ts";
import { gathering, WireFlight, type WireMessages } from "./wire/flight.ts";
import { internalsOf } from "./wire/internals.ts";
import { forgetName, nameOf } from "./wire/names.ts";
import { beginAlone, type PinnedSending, Pinning } from "./wire/pinning.ts";
import { maxDescribed, PreparedStatements, WireQuery } from "./wire/query.ts";

/** The response to one statement. */
export interface Answer extends StatementResult {
  /** The command tag's word: `SELECT`, `COMMIT`, `ROLLBACK` … */
  readonly command: string;
}

/** Called with the response, or with the error. */
type Done = (error: Error | undefined, answer: Answer | undefined) => void;

/** How one connection reaches the server. */
export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  /** Whether statements are prepared under a name. *Default*: true. */
  readonly prepares?: boolean;
  readonly clock: Clock;
  /** What is known of types; connections to one database share it. *Default*: one of its own. */
  readonly catalog?: TypeCatalog;
}

/**
 * One connection to PostgreSQL. Statements are pipelined: what is sent before a response came goes out without waiting for it.
 * *Guarantees*: `onBroken` is called once, when nothing can be sent any more; every promise of `send` settles.
 */
export class Connection {
  readonly options: ConnectionOptions;
  /** Settings that each transaction has to make for itself. */
  readonly #pins = new SessionPins();
  readonly #pinning: Pinning<Answer>;
  readonly #client: pg.Client;
  readonly #messages: WireMessages;
  readonly #prepared = new Set<string>();
  readonly #statements = new PreparedStatements();
  readonly #catalog: TypeCatalog;
  /** What waits behind a statement that is being described, so that all go out in the order in which they were sent. */
  #behind: (() => void)[] | undefined;
  /** What is joined in this turn, and not submitted yet. */
  #flight: WireFlight | undefined;
  #corked = false;
  /** The end of this turn sends what was held back. */
  #flushes = false;
  #inFlight = 0;
  broken = false;
  onBroken: (() => void) | undefined;
  /** *Units*: milliseconds, of the clock's monotonic time. */
  readonly openedAt: number;
  /**
   * Since when one backend alone has served it; infinite behind a pooler. A crash of the server ends every backend: while this one serves, there was none since.
   * *Units*: as `openedAt`.
   */
  sameBackendSince = Number.POSITIVE_INFINITY;
  /** When its last user gave it back: it was alive then. */
  idleSince: number;
  /** How much earlier than others it ends, 0 to 1. */
  readonly early: number;
  /** Not lent any more: it is closed when its user returns it. */
  retired = false;
  /** Whether a caller has it: its pool keeps that. */
  lent = false;

  private constructor(options: ConnectionOptions) {
    this.options = options;
    this.openedAt = this.idleSince = options.clock.monotonic();
    this.early = options.clock.random();
    this.#catalog = options.catalog ?? new TypeCatalog();
    this.#client = new pg.Client({
      connectionString: verifiedUrl(options.url),
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: limits.connectionProbeMs,
      ...{ pipeline: true },
    });
    this.#messages = gathering(this.#internals().connection);
    const frame = { begin: asCommand(beginAlone), commit: asCommand(commitText) };
    this.#pinning = new Pinning(this.#pins, frame, (statement, done, sending) => this.#write(statement, done, sending));
    this.#client.on("error", () => this.markBroken());
    this.#client.on("end", () => this.markBroken());
    this.#internals().connection.on("parameterStatus", ({ parameterName, parameterValue }) =>
      this.#pins.observe(parameterName, parameterValue),
    );
    this.#internals().connection.on("parameterDescription", (description) =>
      this.#internals().answering()?.handleParameterDescription(description),
    );
  }

  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    try {
      await connection.#client.connect();
      await connection.#settle();
    } catch (error) {
      void connection.close();
      throw error;
    }
    return connection;
  }

  /** Makes the session what reading and writing rely on, in one flight. */
  async #settle(): Promise<void> {
    const { clock, connectTimeoutMs } = this.options;
    const cut = clock.schedule(connectTimeoutMs, () => void this.close(true));
    try {
      // A standby refuses every statement in the isolation of a server whose default is serializable.
      const settling = [beginAlone, sessionReading, sessionSetting, commitText].map((text) => this.sendCommand(text));
      const { rows } = (await Promise.all(settling))[1] as Answer;
      const { pid, ...found } = rows[0] ?? {};
      for (const [name, setting] of Object.entries(found)) this.#pins.observe(name, String(setting));
      if (pid === this.greetedBy) {
        this.sameBackendSince = clock.monotonic();
        return;
      }
      this.#statements.areKeptByPooler = true;
      const resets = await this.sendCommand(sessionResets);
      for (const { name, setting } of resets.rows) this.#pins.observe(String(name), String(setting));
    } finally {
      cut.cancel();
    }
  }

  get prepares(): boolean {
    return this.options.prepares !== false;
  }
  /** The process id of the backend that answered the greeting; a pooler makes one up. */
  get greetedBy(): number {
    return this.#internals().processId;
  }

  /** Statements that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sends a statement, together with all others of the same turn in one flight. */
  send(statement: Statement): Promise<Answer> {
    this.#cork();
    return new Promise((resolve, reject) => {
      this.#pinning.send(statement, (error, answer) => (answer === undefined ? reject(error) : resolve(answer)), apart);
    });
  }

  /** Sends a statement of which only a failure matters. */
  sendAside(statement: Statement, failed: (error: unknown) => void): void {
    this.#cork();
    this.#pinning.send(statement, failedOnly(failed), apart);
  }

  /**
   * Sends a statement of a transaction with all others that are joined in the same turn, under one sync: after one that fails, the server skips those
   * that follow, also a commit or a rollback. Only for what runs within a transaction: without one, the server would make one of them.
   */
  join(statement: Statement, done: Done): void {
    this.#cork();
    this.#pinning.send(statement, done, joined);
  }

  /** As {@link join}. */
  joined(statement: Statement): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.join(statement, (error, answer) => (answer === undefined ? reject(error) : resolve(answer)));
    });
  }

  /** As {@link join}, of a statement of which only a failure matters. */
  joinAside(statement: Statement, failed: (error: unknown) => void): void {
    this.join(statement, failedOnly(failed));
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
    this.#pinning.send(asCommand(text), failedOnly(failed), joined);
  }

  #write(statement: Statement, done: Done, { isJoined }: PinnedSending): void {
    this.#inFlight++;
    const settled: Done = (error, answer) => {
      this.#inFlight--;
      done(error, answer);
    };
    const write = () => this.#submit(statement, settled, isJoined);
    if (this.#behind === undefined) write();
    else this.#behind.push(write);
  }

  #submit(statement: Statement, done: Done, isJoined: boolean): void {
    // Of what is made when it is sent, the values are read once.
    if (statement.writtenAt === undefined) return this.#query(statement, { done, isJoined });
    const { text, values } = statement;
    if (values.length > maxDescribed || !values.some(needsType) || this.#catalog.parameters(text)?.types !== undefined)
      return this.#query(statement, { done, isJoined });
    // How an array is written depends on what it is for: once, its statement is described first.
    this.#behind = [];
    const goOn = (error: Error | undefined) => {
      const behind = this.#behind ?? [];
      this.#behind = undefined;
      this.#cork();
      if (error === undefined) this.#query(statement, { done, isJoined });
      else done(error, undefined);
      for (const [at, write] of behind.entries()) {
        if (this.#behind !== undefined) return void (this.#behind as (() => void)[]).push(...behind.slice(at));
        write();
      }
    };
    this.#query(statement, { done: goOn, describeOnly: true });
  }

  #query(statement: Statement, { done, describeOnly = false, isJoined = false }: Sending): void {
    const { text, values, columnsAsIs = false, rowsAsArrays = false, writtenAt } = statement;
    const name = this.#nameFor(text, values, isJoined);
    const answered = (error: Error | undefined): void => {
      if (error !== undefined) {
        // Without its name the statement gets a new one, under which every connection prepares it again.
        if (isStalePlan(error)) forgetName(text, name);
        if (isLostStatement(error)) this.#prepareAgain(name);
        if (breaksConnection(error)) void this.close(true);
        return done(error, undefined);
      }
      const unknown = query.unknownTypes();
      if (unknown.length > 0)
        return this.#learn(unknown, (failed) => (failed === undefined ? answered(undefined) : done(failed, undefined)));
      let answer: Answer;
      try {
        answer = query.answer();
      } catch (failed) {
        return done(failed as Error, undefined);
      }
      done(undefined, answer);
    };
    const query = new WireQuery({
      ...{ text, values, name, columnsAsIs, rowsAsArrays, describeOnly, typed: writtenAt !== undefined },
      ...{ prepared: this.#statements, catalog: this.#catalog, done: answered },
    });
    if (isJoined) {
      this.#flight ??= new WireFlight(this.#messages);
      return this.#flight.join(query);
    }
    this.#submitFlight();
    this.#client.query(query as unknown as pg.Submittable);
  }

  /** The session has lost what was prepared on it, and others with it: after this one it is not used any more. */
  #prepareAgain(name: string | undefined): void {
    if (name === undefined) return;
    delete this.#messages.parsedStatements[name];
    delete this.#messages.submittedNamedStatements[name];
    this.retired = true;
  }

  #submitFlight(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight !== undefined) this.#client.query(flight as unknown as pg.Submittable);
  }

  /** Asks for types that an application made. */
  #learn(unknown: readonly number[], done: (error: Error | undefined) => void): void {
    this.#query(typeStatement(unknown), {
      done: (error, answer) => {
        if (answer !== undefined) this.#catalog.learn(unknown, answer.rows);
        done(error);
      },
    });
  }

  /** Sends a command without parameters or rows (begin, savepoint, commit). */
  sendCommand(text: string): Promise<Answer> {
    return this.send(asCommand(text));
  }

  /** Asks the server to stop what this connection runs. Resolves when the server has taken note, or when that cannot be known. */
  cancel(): Promise<void> {
    return requestCancel(this.#internals());
  }

  /** Whether it answers within so long; where it does not, it is cut. */
  async answers(withinMs: number): Promise<boolean> {
    const cut = this.options.clock.schedule(withinMs, () => void this.close(true));
    try {
      await this.sendCommand("select 1");
      return !this.broken;
    } catch {
      return false;
    } finally {
      cut.cancel();
    }
  }

  markBroken(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken?.();
    this.onBroken = undefined;
  }

  /** Closes in order, and cuts the socket where the server is silent; with `now` it is cut at once, and the server undoes what was open. */
  async close(now = false): Promise<void> {
    this.markBroken();
    this.#submitFlight();
    const { stream } = this.#internals();
    if (now) return void stream.destroy();
    const silent = this.options.clock.schedule(limits.quarantineMs, () => stream.destroy());
    await this.#client.end().catch(() => undefined);
    silent.cancel();
  }

  #nameFor(text: string, values: readonly unknown[], isJoined: boolean): string | undefined {
    const isCommand = values === noValues;
    if ((isCommand && !(isJoined && repeated.has(text))) || this.options.prepares === false) return undefined;
    if (!this.#prepared.has(text)) {
      if (this.#prepared.size >= limits.preparedStatements) return undefined;
      this.#prepared.add(text);
    }
    return nameOf(text, isCommand);
  }

  /** Holds back what is written until the end of the turn, so that it goes out in one piece. */
  #cork(): void {
    if (!this.#corked) this.#internals().stream.cork();
    this.#corked = true;
    if (this.#flushes) return;
    this.#flushes = true;
    // After the microtasks: in one of them a handler that waited for its connection sends its first statement.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushes = false;
    if (!this.#corked) return;
    this.#corked = false;
    this.#submitFlight();
    this.#internals().stream.uncork();
  }

  #internals() {
    return internalsOf(this.#client);
  }
}

const apart: PinnedSending = { isJoined: false };
const joined: PinnedSending = { isJoined: true };

/** How a statement is sent. */
interface Sending {
  readonly done: Done;
  readonly describeOnly?: boolean;
  readonly isJoined?: boolean;
}

const failedOnly =
  (failed: (error: unknown) => void): Done =>
  (error) => {
    if (error !== undefined) failed(error);
  };

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
