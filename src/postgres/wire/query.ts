import pg from "pg";
import { Fault } from "../../core/fault.ts";
import type { Parameters, TypeCatalog } from "../values/catalog.ts";
import { camelCase } from "../values/column-name.ts";
import type { SqlType } from "../values/sql-type.ts";
import { writeAll, writeAllPlain } from "../values/write.ts";
import { preparedText } from "./names.ts";

/** What a statement gave. */
interface WireAnswer {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowCount: number;
  /** The command tag's word: `SELECT`, `COMMIT`, `ROLLBACK` … */
  readonly command: string;
  /** A column that would hide another of its name. */
  readonly hidden: string | undefined;
}

interface Column {
  readonly name: string;
  readonly type: number;
}

interface Columns {
  /** How each is read, once all their types are known. */
  reads?: readonly SqlType["read"][];
  readonly list: readonly Column[];
  /** A name that two columns have, or that no property can have. */
  readonly hidden: string | undefined;
}

/** What is known of the statements that one connection has prepared. */
export class PreparedStatements {
  /** Columns by the statement's name, once they were described. */
  readonly columns = new Map<string, Columns>();
  /** The same where their names were asked for as they are: one text may be sent in both ways. */
  readonly columnsAsIs = new Map<string, Columns>();
  /** The types of parameters, which stay what they were when it was prepared. */
  readonly parameters = new Map<string, Parameters>();
  /**
   * Whether a pooler keeps them, and prepares them again by itself on a backend that has them not: under another schema than when they were described, so
   * that each response has to say its columns.
   */
  areKeptByPooler = false;

  forget(name: string): void {
    this.columns.delete(name);
    this.columnsAsIs.delete(name);
    this.parameters.delete(name);
  }
}

/** A statement as the extended query protocol sends it. */
export interface WireStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The name under which the server keeps it; without one it is a command, or is prepared for this once. */
  readonly name: string | undefined;
  readonly columnsAsIs: boolean;
  readonly rowsAsArrays: boolean;
  /** Whether each value must be one that its parameter takes; otherwise they are written as what they are. */
  readonly typed: boolean;
  /** Prepares and describes it, and does not run it. */
  readonly describeOnly?: boolean;
  readonly prepared: PreparedStatements;
  readonly catalog: TypeCatalog;
  /** The response is complete; `answer` of the query returns it, once each of its types is known. */
  done(error: Error | undefined): void;
}

/** `pg` reads the description of no more parameters: it takes their number for a negative one. */
export const maxDescribed = 32_767;

const none: readonly number[] = [];
const noColumns: Columns = { list: [], hidden: undefined, reads: [] };

/** The part of pg's connection that a query writes to. */
export interface WireConnection {
  readonly parsedStatements: Record<string, string | undefined>;
  readonly submittedNamedStatements: Record<string, string | undefined>;
  query(text: string): void;
  parse(statement: { text: string; name: string | undefined; types: undefined }): void;
  bind(config: { portal: string; statement: string | undefined; values: readonly unknown[]; binary: boolean; valueMapper: unknown }): void;
  describe(what: { type: "S" | "P"; name: string }): void;
  execute(config: undefined): void;
  close(what: { type: "S"; name: string }): void;
  sync(): void;
  /** What all of the others write through. */
  _send(message: Buffer): unknown;
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
  #columns: Columns | undefined;
  readonly #rows: (readonly (string | null)[])[] = [];
  #rowCount = 0;
  #command = "";
  #failed: Error | undefined = undefined;
  /** The types as which the values were written. */
  #writtenAs: Parameters | undefined;
  #described = false;
  /** It was sent to be prepared. */
  #isParsed = false;

  constructor(statement: WireStatement) {
    this.#statement = statement;
    this.name = statement.name;
    this.text = statement.text;
    this.values = statement.values;
  }

  submit(connection: WireConnection): Error | null {
    const { name, text, values } = this;
    const { describeOnly = false } = this.#statement;
    if (name === undefined && values.length === 0 && !describeOnly) {
      connection.query(text);
      return null;
    }
    this.write(connection);
    connection.sync();
    return null;
  }

  /** Writes everything but the sync. Returns false where a value cannot be written: then nothing is sent, and the response to the sync ends this query. */
  write(connection: WireConnection): boolean {
    const { name } = this;
    const { describeOnly = false } = this.#statement;
    const values = describeOnly ? undefined : this.#written();
    if (this.#failed !== undefined) return false;
    this.#prepare(connection);
    if (values !== undefined) {
      connection.bind({ portal: "", statement: name, values, binary: false, valueMapper: undefined });
      if (this.#described && this.values.length > maxDescribed) connection.describe({ type: "P", name: "" });
      connection.execute(undefined);
    }
    return true;
  }

  /** Ends as one that the server did not run, because one before it in the same flight failed. */
  skipped(error: Error | undefined, connection: WireConnection | undefined): void {
    if (this.name !== undefined && this.#isParsed) {
      this.#statement.prepared.forget(this.name);
      if (connection !== undefined) delete connection.submittedNamedStatements[this.name];
    }
    this.#statement.done(error);
  }

  #written(): readonly unknown[] | undefined {
    const { typed, catalog, prepared } = this.#statement;
    const known = typed
      ? ((this.name === undefined ? undefined : prepared.parameters.get(this.name)) ?? catalog.parameters(this.text))
      : undefined;
    const types = known?.types;
    if (types !== undefined) this.#writtenAs = known;
    try {
      return typed && this.values.length > maxDescribed ? writeAllPlain(this.values) : writeAll(this.values, types);
    } catch (error) {
      this.#failed = error as Error;
      return undefined;
    }
  }

  #prepare(connection: WireConnection): void {
    const { name, text } = this;
    const known = name !== undefined && (connection.parsedStatements[name] ?? connection.submittedNamedStatements[name]) !== undefined;
    if (!known) {
      connection.parse({ text: name === undefined ? text : preparedText(text, name), name, types: undefined });
      this.#isParsed = true;
      if (name !== undefined) {
        connection.submittedNamedStatements[name] = text;
        this.#statement.prepared.forget(name);
      }
    }
    this.#columns = name === undefined || this.#statement.prepared.areKeptByPooler ? undefined : this.#known().get(name);
    this.#described = this.#columns === undefined;
    if (this.#described && this.values.length <= maxDescribed) connection.describe({ type: "S", name: name ?? "" });
  }

  /** Not one of those that `pg` hands on: the connection does. */
  handleParameterDescription({ dataTypeIDs: oids }: { readonly dataTypeIDs: readonly number[] }): void {
    const { typed, catalog, prepared } = this.#statement;
    if (!typed) return;
    const parameters = catalog.describe(this.text, oids);
    if (this.name !== undefined) prepared.parameters.set(this.name, parameters);
    const writtenAs = this.#writtenAs?.oids;
    if (writtenAs !== undefined && oids.some((oid, at) => oid !== writtenAs[at])) this.#failed ??= parametersChanged();
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number; format: string }[] }): void {
    const { columnsAsIs } = this.#statement;
    const list = fields.map(({ name, dataTypeID }) => ({ name: columnsAsIs ? name : camelCase(name), type: dataTypeID }));
    const names = new Set<string>(["__proto__"]);
    const hidden = list.find(({ name }) => names.size === names.add(name).size)?.name;
    this.#columns = { list, hidden };
    if (this.name !== undefined) this.#known().set(this.name, this.#columns);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const space = text.indexOf(" ");
    this.#command = space < 0 ? text : text.slice(0, space);
    // The last word of a tag is its number of rows: "UPDATE 3", "INSERT 0 1".
    this.#rowCount = space < 0 ? 0 : Number(text.slice(text.lastIndexOf(" ") + 1)) || 0;
  }

  handleReadyForQuery(): void {
    // A statement without rows has no description of them.
    if (this.#described && this.#columns === undefined && this.#failed === undefined && this.name !== undefined)
      this.#known().set(this.name, noColumns);
    this.#statement.done(this.#failed);
  }

  handleError(error: Error): void {
    // A statement whose columns changed must be prepared and described again.
    if (this.name !== undefined) this.#statement.prepared.forget(this.name);
    this.#statement.done(this.#refused() ?? error);
  }

  /** Types that must be asked for before the response can be read. */
  unknownTypes(): readonly number[] {
    const { catalog, typed, text } = this.#statement;
    if (this.#columns?.reads !== undefined) return none;
    const unknown = this.#columns?.list.filter(({ type }) => catalog.type(type) === undefined).map(({ type }) => type) ?? none;
    if (!this.#described || !typed) return unknown;
    return [...unknown, ...(catalog.parameters(text)?.oids ?? []).filter((oid) => catalog.type(oid) === undefined)];
  }

  /** What it gave. Throws where a value cannot be read, or was none that its parameter takes. */
  answer(): WireAnswer {
    const refused = this.#refused();
    if (refused !== undefined) throw refused;
    const columns = this.#columns ?? noColumns;
    const { list, hidden } = columns;
    columns.reads ??= list.map(({ type }) => this.#statement.catalog.type(type)!.read);
    const { reads } = columns;
    if (this.#statement.rowsAsArrays) {
      const arrays = this.#rows.map((fields) => fields.map((text, at) => (text === null ? null : reads[at]!(text))));
      return { rows: arrays as never, rowCount: this.#rowCount, command: this.#command, hidden: undefined };
    }
    const rows = this.#rows.map((fields) => {
      const row: Record<string, unknown> = {};
      for (let at = 0; at < fields.length; at++) {
        const text = fields[at] as string | null;
        row[list[at]!.name] = text === null ? null : reads[at]!(text);
      }
      return row;
    });
    return { rows, rowCount: this.#rowCount, command: this.#command, hidden };
  }

  /** Values of one form are sent before the types are known: here it shows whether each is one that its parameter takes. */
  #refused(): Error | undefined {
    const { typed, catalog, describeOnly } = this.#statement;
    if (this.#failed !== undefined || !typed || describeOnly || !this.#described || this.#writtenAs !== undefined) return this.#failed;
    const types = catalog.parameters(this.text)?.types;
    if (types === undefined) return undefined;
    try {
      writeAll(this.values, types);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #known(): Map<string, Columns> {
    const { columnsAsIs, prepared } = this.#statement;
    return columnsAsIs ? prepared.columnsAsIs : prepared.columns;
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

const noCallback = (): void => undefined;

/** A migration gave a column another type since the statement was described. */
const parametersChanged = (): Fault =>
  new Fault({
    code: "aborted",
    type: "plan_changed",
    message: "The schema of the database changed at the same time. Nothing was changed; try again.",
    retryAfterMs: 100,
  });

// In pipeline mode `pg` refuses queries that are none of its own.
Object.setPrototypeOf(WireQuery.prototype, pg.Query.prototype);
