import { createRequire } from "node:module";
import pg from "pg";
import { camelCase, columnTypes } from "./values.ts";

// `pg` has its own way to write a parameter; it is where arrays, JSON and dates get their text.
const { prepareValue } = createRequire(import.meta.url)("pg/lib/utils") as { readonly prepareValue: (value: unknown) => unknown };

/** What a statement gave. */
interface WireAnswer {
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number;
  /** The command tag's word: `SELECT`, `COMMIT`, `ROLLBACK` … */
  readonly command: string;
}

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** What is known of the statements that one connection has prepared. */
export interface PreparedStatements {
  /** Columns by the statement's name, once they were described. */
  readonly columns: Map<string, readonly Column[]>;
  /** The same where their names were asked for as they are: one text may be sent in both ways. */
  readonly columnsAsIs: Map<string, readonly Column[]>;
}

export interface WireStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The name under which the server keeps it; without one it is a command, or is prepared for this once. */
  readonly name: string | undefined;
  readonly columnsAsIs: boolean;
  readonly prepared: PreparedStatements;
  done(error: Error | undefined, answer: WireAnswer | undefined): void;
}

/** The part of pg's connection that a query writes to. */
interface WireConnection {
  readonly parsedStatements: Record<string, string | undefined>;
  readonly submittedNamedStatements: Record<string, string | undefined>;
  query(text: string): void;
  parse(statement: { text: string; name: string | undefined; types: undefined }): void;
  bind(config: { portal: string; statement: string | undefined; values: readonly unknown[]; binary: boolean; valueMapper: unknown }): void;
  describe(what: { type: "P"; name: string }): void;
  execute(config: undefined): void;
  close(what: { type: "S"; name: string }): void;
  sync(): void;
}

/**
 * One statement as `pg` drives it over the wire. It is a query of `pg` by its prototype, but not made by its constructor, which sets up an event
 * emitter, copies its configuration and matches regular expressions for each statement; and it asks the server for the columns of a prepared
 * statement once, not each time: the server refuses to run one whose columns have changed.
 */
export class WireQuery {
  readonly name: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Read by `pg`: none of its own results are used. */
  readonly _result = undefined;
  readonly binary = false;
  callback: unknown = noCallback;
  readonly #statement: WireStatement;
  #columns: readonly Column[] | undefined;
  #rows: Record<string, unknown>[] = [];
  #rowCount = 0;
  #command = "";
  #failed: Error | undefined = undefined;

  constructor(statement: WireStatement) {
    this.#statement = statement;
    this.name = statement.name;
    this.text = statement.text;
    this.values = statement.values;
  }

  submit(connection: WireConnection): Error | null {
    if (this.name === undefined && this.values.length === 0) {
      connection.query(this.text);
      return null;
    }
    const { name } = this;
    const known = name !== undefined && (connection.parsedStatements[name] ?? connection.submittedNamedStatements[name]) !== undefined;
    if (!known) {
      connection.parse({ text: this.text, name, types: undefined });
      if (name !== undefined) {
        connection.submittedNamedStatements[name] = this.text;
        this.#forget(name);
      }
    }
    try {
      connection.bind({ portal: "", statement: name, values: this.values, binary: false, valueMapper: prepareValue });
    } catch (error) {
      // Nothing of the statement may stay half sent: the answers of those behind it would be taken for its own.
      connection.sync();
      this.#failed = error as Error;
      return null;
    }
    this.#columns = name === undefined ? undefined : this.#known().get(name);
    if (this.#columns === undefined) connection.describe({ type: "P", name: "" });
    connection.execute(undefined);
    connection.sync();
    return null;
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number; format: string }[] }): void {
    const { columnsAsIs } = this.#statement;
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name: columnsAsIs ? name : camelCase(name),
      parse: columnTypes.getTypeParser(dataTypeID),
    }));
    if (this.name !== undefined) this.#known().set(this.name, this.#columns);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failed !== undefined || this.#columns === undefined) return;
    const row: Record<string, unknown> = {};
    try {
      for (let i = 0; i < fields.length; i++) {
        const { name, parse } = this.#columns[i] as Column;
        const text = fields[i] as string | null;
        row[name] = text === null ? null : parse(text);
      }
    } catch (error) {
      this.#failed = error as Error;
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const space = text.indexOf(" ");
    this.#command = space < 0 ? text : text.slice(0, space);
    // The last word of a tag is its number of rows: "UPDATE 3", "INSERT 0 1".
    this.#rowCount = space < 0 ? 0 : Number(text.slice(text.lastIndexOf(" ") + 1)) || 0;
  }

  handleReadyForQuery(): void {
    if (this.#failed !== undefined) return this.#statement.done(this.#failed, undefined);
    this.#statement.done(undefined, { rows: this.#rows, rowCount: this.#rowCount, command: this.#command });
  }

  handleError(error: Error): void {
    // A statement whose columns changed must be prepared and described anew.
    if (this.name !== undefined) this.#forget(this.name);
    this.#statement.done(this.#failed ?? error, undefined);
  }

  #known(): Map<string, readonly Column[]> {
    const { columnsAsIs, prepared } = this.#statement;
    return columnsAsIs ? prepared.columnsAsIs : prepared.columns;
  }

  #forget(name: string): void {
    this.#statement.prepared.columns.delete(name);
    this.#statement.prepared.columnsAsIs.delete(name);
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

const noCallback = (): void => undefined;

// In pipeline mode `pg` refuses queries that are none of its own.
Object.setPrototypeOf(WireQuery.prototype, pg.Query.prototype);
