import assert from "node:assert";
import type { AnySchema, Output, Schema } from "../core/schema.ts";
import type { Statement, StatementResult } from "./transaction.ts";

/** A statement that was written and not sent yet; also a fragment when it stands as a value inside another. */
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
}

type Row = Record<string, unknown>;

/**
 * Writes SQL: every value becomes a parameter, a statement or fragment as a value becomes part of the text.
 * Columns read in camel case (`total_cents` is `totalCents`); `int8` is a number, `numeric` a string, `timestamptz` an ISO string.
 * @example await sql`select id from orders.orders where customer_id = ${actor.id}`.many()
 * @example await sql(Order)`select id, total_cents from orders.orders where id = ${orderId}`.maybe()
 */
export interface Sql {
  <R = Row>(text: TemplateStringsArray, ...values: readonly unknown[]): SqlStatement<R>;
  /** Names the schema of a row: its type here, checked in development and tests and trusted in production. */
  <S extends AnySchema>(row: S): (text: TemplateStringsArray, ...values: readonly unknown[]) => SqlStatement<Output<S>>;
  /** The one hatch: text that is sent as it stands. Never put a caller's words into it. */
  unsafe<R = Row>(text: string, values?: readonly unknown[], options?: { readonly columnsAsIs?: boolean }): SqlStatement<R>;
}

/** Sends statements; checks rows where a schema was named. */
export interface SqlRunner {
  run(statement: Statement): Promise<StatementResult>;
  /** Checks one row against its schema; returns the row to use. */
  checkRow?(schema: Schema, row: Row): unknown;
}

const texts = new WeakMap<TemplateStringsArray, string>();

class SqlText implements SqlStatement<unknown> {
  readonly strings: readonly string[];
  readonly values: readonly unknown[];
  readonly #runner: SqlRunner | undefined;
  readonly #schema: Schema | undefined;
  readonly #columnsAsIs: boolean;

  constructor(runner: SqlRunner | undefined, parts: { strings: readonly string[]; values: readonly unknown[] }, more?: SqlTextOptions) {
    this.#runner = runner;
    this.strings = parts.strings;
    this.values = parts.values;
    this.#schema = more?.schema;
    this.#columnsAsIs = more?.columnsAsIs ?? false;
  }

  async one(): Promise<unknown> {
    const rows = await this.many();
    assert(rows.length === 1, `a statement that must find one row found ${rows.length}: ${this.compile().text}`);
    return rows[0];
  }

  async maybe(): Promise<unknown> {
    const rows = await this.many();
    assert(rows.length <= 1, `a statement that may find one row found ${rows.length}: ${this.compile().text}`);
    return rows[0];
  }

  async many(): Promise<unknown[]> {
    const { rows } = await this.#send(this.compile());
    const schema = this.#schema;
    const check = this.#runner?.checkRow;
    if (schema === undefined || check === undefined) return rows as unknown[];
    return rows.map((row) => check.call(this.#runner, schema, row));
  }

  async run(): Promise<number> {
    return (await this.#send(this.compile())).rowCount;
  }

  async exists(): Promise<boolean> {
    const { text, values } = this.compile();
    const { rows } = await this.#send({ text: `select exists (${text}) as found`, values });
    return rows[0]?.found === true;
  }

  /** The text with numbered parameters, and the parameters. */
  compile(): Statement {
    if (!this.values.some((value) => value instanceof SqlText)) {
      return { text: plainText(this.strings), values: checked(this.values), columnsAsIs: this.#columnsAsIs };
    }
    const values: unknown[] = [];
    const text = render(this, values);
    return { text, values: checked(values), columnsAsIs: this.#columnsAsIs };
  }

  #send(statement: Statement): Promise<StatementResult> {
    assert(this.#runner !== undefined, "a fragment belongs to no transaction: write it with the scope's sql");
    return this.#runner.run(statement);
  }
}

interface SqlTextOptions {
  readonly schema?: Schema;
  readonly columnsAsIs?: boolean;
}

/** Text of a template without fragments: the same template always gives the same text, so it is built once. */
function plainText(strings: readonly string[]): string {
  const known = texts.get(strings as TemplateStringsArray);
  if (known !== undefined) return known;
  let text = strings[0] ?? "";
  for (let i = 1; i < strings.length; i++) text += `$${i}${strings[i]}`;
  texts.set(strings as TemplateStringsArray, text);
  return text;
}

function render(part: SqlText, values: unknown[]): string {
  let text = part.strings[0] ?? "";
  for (let i = 1; i < part.strings.length; i++) {
    const value = part.values[i - 1];
    assert(!(value instanceof UnsafeText), "sql.unsafe with values numbers its own parameters: send it alone");
    if (value instanceof SqlText) text += render(value, values);
    else text += `$${values.push(value)}`;
    text += part.strings[i];
  }
  return text;
}

function checked(values: readonly unknown[]): readonly unknown[] {
  for (const value of values) {
    assert(value !== undefined, "a SQL parameter is undefined: write null where the column shall be null");
  }
  return values;
}

/** Makes the `sql` of one transaction. */
export function makeSql(runner: SqlRunner | undefined): Sql {
  const tag = (first: TemplateStringsArray | Schema, ...values: readonly unknown[]) => {
    if (Array.isArray(first)) return new SqlText(runner, { strings: first as unknown as TemplateStringsArray, values });
    const schema = first as Schema;
    return (strings: TemplateStringsArray, ...inner: readonly unknown[]) => new SqlText(runner, { strings, values: inner }, { schema });
  };
  // The text of `unsafe` has its own parameter numbers, so it stands alone or, without values, as a fragment.
  const unsafe = (text: string, values: readonly unknown[] = [], options?: { readonly columnsAsIs?: boolean }) =>
    values.length === 0
      ? new SqlText(runner, { strings: [text], values }, options)
      : new UnsafeText(runner, { strings: [text], values }, options);
  return Object.assign(tag, { unsafe }) as unknown as Sql;
}

/** Text that numbers its own parameters. */
class UnsafeText extends SqlText {
  override compile(): Statement {
    return { ...super.compile(), text: this.strings[0] ?? "" };
  }
}

/** A fragment without a transaction, to share between statements. */
export const sqlFragment: (text: TemplateStringsArray, ...values: readonly unknown[]) => SqlStatement<Row> = makeSql(undefined);
