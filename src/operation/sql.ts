import assert from "node:assert";
import { Fault } from "../core/fault.ts";
import { CallSite } from "../core/node/call-site.ts";
import type { AnySchema, Output, Schema } from "../core/schema/standard.ts";
import { beforeList, ListValue, refuseArrayAfterIn } from "./sql/list.ts";
import { closedFragment, existsText } from "./sql/text.ts";
import type { Statement, StatementResult } from "./transaction.ts";

/** A statement that is not sent yet. Inside another statement it is a fragment. */
export interface SqlStatement<R> {
  /** The one row. Asserts that there is exactly one. */
  one(): Promise<R>;
  /** The one row, or undefined. Asserts that there is no second. */
  maybe(): Promise<R | undefined>;
  many(): Promise<R[]>;
  /** How many rows it changed. */
  run(): Promise<number>;
  /** Whether it finds a row. */
  exists(): Promise<boolean>;
  /** Not for use: it makes `await` without one of the above a type error, and rejects where types do not see it. */
  then(add: "end the statement with .one(), .maybe(), .many(), .run() or .exists()", failed?: (error: unknown) => void): void;
}

type Row = Record<string, unknown>;

/**
 * Writes SQL. Every value becomes a parameter; a value that is a statement or a fragment becomes part of the text.
 * Columns read in camel case (`total_cents` is `totalCents`); `int8` is a number, `numeric` a string, `timestamptz` an ISO string.
 * @example await sql`select id from orders.orders where customer_id = ${actor.id}`.many()
 * @example await sql(Order)`select id, total_cents from orders.orders where id = ${orderId}`.maybe()
 */
export interface Sql {
  <R = Row>(text: TemplateStringsArray, ...values: readonly unknown[]): SqlStatement<R>;
  /** Names the schema of a row: its type here, checked in development and tests and trusted in production. */
  <S extends AnySchema>(row: S): (text: TemplateStringsArray, ...values: readonly unknown[]) => SqlStatement<Output<S>>;
  /** The one hatch: text that is sent as it stands. Never put a caller's words into it. */
  unsafe<R = Row>(text: string, values?: readonly unknown[], options?: UnsafeOptions): SqlStatement<R>;
}

/** How the rows of a text are read. */
export interface UnsafeOptions {
  /** Columns keep the names that they have in SQL. */
  readonly columnsAsIs?: boolean;
  /** Each row is an array, in the order of its columns. */
  readonly rowsAsArrays?: boolean;
}

/** A statement as the one who looks after a handler sees it. */
export interface WrittenStatement {
  /** Statements that stand as values inside it. */
  readonly parts: readonly WrittenStatement[];
  /** Where the handler wrote it. */
  readonly site: string;
  compile(): Statement;
}

/** Sends statements; checks rows where a schema was named. */
export interface SqlRunner {
  run(statement: Statement): Promise<StatementResult>;
  /** A statement or fragment was written … */
  wrote?(statement: WrittenStatement): void;
  /** … and is sent, alone or as a part of another. */
  uses?(statement: WrittenStatement): void;
  /** A statement failed, or its result is wrong: reported even if no code awaits it. */
  failed?(error: unknown): void;
  /** Checks one row against its schema; returns the row to use. */
  checkRow?(schema: Schema, row: Row): unknown;
}

/** What is known of one template: the same one always gives the same text, and stands on the same line. */
interface Template {
  readonly site: CallSite;
  text: string | undefined;
}

const runnerOf = Symbol("runner of sql");
const templates = new WeakMap<readonly string[], Template>();

class SqlText implements SqlStatement<unknown>, WrittenStatement {
  readonly strings: readonly string[];
  readonly values: readonly unknown[];
  readonly #runner: SqlRunner | undefined;
  readonly #schema: Schema | undefined;
  /** Whether result columns keep their names. */
  readonly columnsAsIs: boolean;
  readonly rowsAsArrays: boolean;

  constructor(runner: SqlRunner | undefined, parts: { strings: readonly string[]; values: readonly unknown[] }, more?: SqlTextOptions) {
    this.#runner = runner;
    this.strings = parts.strings;
    this.values = parts.values;
    this.#schema = more?.schema;
    this.columnsAsIs = more?.columnsAsIs ?? false;
    this.rowsAsArrays = more?.rowsAsArrays ?? false;
    runner?.wrote?.(this);
  }

  get parts(): readonly WrittenStatement[] {
    return this.values.filter((value) => value instanceof SqlText);
  }

  get site(): string {
    return `${templates.get(this.strings)?.site ?? "an unknown line"}`;
  }

  one(): Promise<unknown> {
    return this.#rows((rows) => {
      if (rows.length !== 1) assert.fail(`a statement that must find one row found ${rows.length}: ${this.compile().text}`);
      return rows[0];
    });
  }

  maybe(): Promise<unknown> {
    return this.#rows((rows) => {
      if (rows.length > 1) assert.fail(`a statement that may find one row found ${rows.length}: ${this.compile().text}`);
      return rows[0];
    });
  }

  many(): Promise<unknown[]> {
    return this.#rows((rows) => rows as unknown[]);
  }

  run(): Promise<number> {
    return watched(this.#answer(false, ({ rowCount }) => rowCount));
  }

  result(): Promise<StatementResult> {
    return watched(this.#answer(false, (result) => result));
  }

  exists(): Promise<boolean> {
    return watched(this.#answer(true, ({ rows }) => rows[0]?.found === true));
  }

  // biome-ignore lint/suspicious/noThenProperty: without it, `await` of a statement that was never sent would succeed.
  then(_add: unknown, failed?: (error: unknown) => void): void {
    failed?.(neverRun(this));
  }

  /** The text with numbered parameters, and the parameters. */
  compile(): Statement {
    const common = { columnsAsIs: this.columnsAsIs, rowsAsArrays: this.rowsAsArrays, writtenAt: this };
    if (!this.values.some(isPart)) return { text: plainText(this.strings), values: checked(this.values), ...common };
    const values: unknown[] = [];
    const text = render(this, { text: "", values });
    return { text, values: checked(values), ...common };
  }

  /** It is sent with what stands inside it. */
  use(): void {
    this.#runner?.uses?.(this);
    for (const value of this.values) if (value instanceof SqlText) value.use();
  }

  #rows<T>(read: (rows: readonly unknown[]) => T): Promise<T> {
    return watched(
      this.#answer(false, ({ rows, hidden }) => {
        if (hidden !== undefined)
          assert.fail(`two columns are named ${hidden}, of which a row can keep one: give each a name of its own with as`);
        const schema = this.#schema;
        const check = this.#runner?.checkRow;
        return read(schema === undefined || check === undefined ? rows : rows.map((row) => check.call(this.#runner, schema, row)));
      }),
    );
  }

  async #answer<T>(asks: boolean, read: (result: StatementResult) => T): Promise<T> {
    const runner = this.#runner;
    assert(runner !== undefined, "a fragment belongs to no transaction: write it with the scope's sql");
    this.use();
    try {
      const statement = this.compile();
      return read(await runner.run(asks ? { ...statement, text: existsText(statement.text), columnsAsIs: true } : statement));
    } catch (error) {
      runner.failed?.(error);
      throw error;
    }
  }
}

/** A rejection that no code awaits does not end the process: the transaction knows of it. */
function watched<T>(answer: Promise<T>): Promise<T> {
  answer.then(undefined, ignore);
  return answer;
}

const ignore = (): void => undefined;

/** What a handler wrote and did not send. */
export function neverRun(statement: WrittenStatement): Fault {
  const { text } = statement.compile();
  return new Fault({
    code: "internal",
    type: "statement_not_run",
    message: `The statement at ${statement.site} was written and never sent: ${text.trim()}. End it with .one(), .maybe(), .many(), .run() or .exists(). A fragment that is not needed on every path is written with sqlFragment.`,
  });
}

interface SqlTextOptions extends UnsafeOptions {
  readonly schema?: Schema;
}

/** Text of a template without fragments; it is built once. */
function plainText(strings: readonly string[]): string {
  const template = templates.get(strings);
  if (template?.text !== undefined) return template.text;
  let text = strings[0] ?? "";
  for (let i = 1; i < strings.length; i++) text += `$${i}${strings[i]}`;
  if (template !== undefined) template.text = text;
  return text;
}

/** What becomes part of the text, or calls for a look at it. */
function isPart(value: unknown): boolean {
  return typeof value === "object" && (value instanceof SqlText || value instanceof ListValue || Array.isArray(value));
}

/** Adds a statement to a text and its values. Returns the text. */
function render(part: SqlText, into: { text: string; readonly values: unknown[] }): string {
  into.text += part.strings[0] ?? "";
  for (let i = 1; i < part.strings.length; i++) {
    const value = part.values[i - 1];
    assert(!(value instanceof UnsafeText), "sql.unsafe with values numbers its own parameters: send it alone");
    if (value instanceof SqlText) into.text = closedFragment(render(value, into));
    else if (value instanceof ListValue) into.text = `${beforeList(into.text)}$${into.values.push(value.values)})`;
    else {
      if (Array.isArray(value)) refuseArrayAfterIn(into.text);
      into.text += `$${into.values.push(value)}`;
    }
    into.text += part.strings[i];
  }
  return into.text;
}

/** What the protocol of PostgreSQL can count. */
const maxParameters = 65_535;

function checked(values: readonly unknown[]): readonly unknown[] {
  assert(
    values.length <= maxParameters,
    `a statement has ${values.length} parameters, and PostgreSQL takes ${maxParameters}: send columns as arrays, with unnest(\${ids}::uuid[], …), or in parts`,
  );
  for (const value of values) {
    assert(value !== undefined, "a SQL parameter is undefined: write null where the column is to be null");
    assert(!(value instanceof ListValue), "list(…) cannot be a parameter: write an array");
  }
  return values;
}

/** Remembers where a template stands, once: the stack is what would cost something. */
function note(strings: readonly string[], callee: (...given: never[]) => unknown): void {
  if (!templates.has(strings)) templates.set(strings, { site: new CallSite(callee), text: undefined });
}

/** Makes the `sql` of one transaction. */
export function makeSql(runner: SqlRunner | undefined): Sql {
  const tag = (first: TemplateStringsArray | Schema, ...values: readonly unknown[]) => {
    if (Array.isArray(first)) {
      note(first, tag);
      return new SqlText(runner, { strings: first, values });
    }
    const schema = first as Schema;
    const ofRow = (strings: TemplateStringsArray, ...inner: readonly unknown[]) => {
      note(strings, ofRow);
      return new SqlText(runner, { strings, values: inner }, { schema });
    };
    return ofRow;
  };
  // The text of `unsafe` has its own parameter numbers, so it stands alone or, without values, as a fragment.
  const unsafe = (text: string, values: readonly unknown[] = [], options?: UnsafeOptions) => {
    const strings = [text];
    // Here each call creates a new array of strings. In production the text alone identifies the statement.
    if (runner?.checkRow !== undefined) note(strings, unsafe);
    return values.length === 0 ? new SqlText(runner, { strings, values }, options) : new UnsafeText(runner, { strings, values }, options);
  };
  return Object.assign(tag, { unsafe, [runnerOf]: runner }) as unknown as Sql;
}

/** Text that numbers its own parameters. */
class UnsafeText extends SqlText {
  override compile(): Statement {
    const { columnsAsIs, rowsAsArrays } = this;
    return { text: this.strings[0] ?? "", values: checked(this.values), columnsAsIs, rowsAsArrays, writtenAt: this };
  }
}

/** Sends a statement, for a builder of queries: its rows, and how many it changed. */
export function resultOf(statement: SqlStatement<unknown>): Promise<StatementResult> {
  return (statement as SqlText).result();
}

/** Says that a builder of queries has written a statement. Call what it returns when it is sent: one that never is fails the handler. */
export function written(sql: Sql, statement: WrittenStatement): () => void {
  const runner = (sql as unknown as { readonly [runnerOf]: SqlRunner | undefined })[runnerOf];
  runner?.wrote?.(statement);
  return () => runner?.uses?.(statement);
}

/** Writes a fragment without a transaction, which several statements can share. */
export const sqlFragment: (text: TemplateStringsArray, ...values: readonly unknown[]) => SqlStatement<Row> = makeSql(undefined);
