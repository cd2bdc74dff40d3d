import type { Statement } from "../../operation/transaction.ts";
import { arrayOf, builtIn, type SqlType, textType } from "./sql-type.ts";

const maxStatements = 10_000;

/** What is known of one type from the server's catalog. */
interface TypeRow {
  readonly oid: number;
  readonly name: string;
  /** `d` a domain; an array where it has elements. */
  readonly type: string;
  readonly element: number;
  readonly base: number;
  readonly delimiter: string;
}

/** The types of a statement's parameters. */
export class Parameters {
  readonly oids: readonly number[];
  readonly #catalog: TypeCatalog;
  #types: readonly SqlType[] | undefined;

  constructor(catalog: TypeCatalog, oids: readonly number[]) {
    this.#catalog = catalog;
    this.oids = oids;
  }

  /** Undefined while one of them is not known. */
  get types(): readonly SqlType[] | undefined {
    if (this.#types !== undefined) return this.#types;
    const types = this.oids.map((oid) => this.#catalog.type(oid));
    if (types.every((type) => type !== undefined)) this.#types = types;
    return this.#types;
  }
}

/** Types that an application made (enums, domains, arrays of them), and the parameters of statements; each is asked for once. */
export class TypeCatalog {
  readonly #types = new Map<number, SqlType>();
  readonly #parameters = new Map<string, Parameters>();

  type(oid: number): SqlType | undefined {
    return builtIn.get(oid) ?? this.#types.get(oid);
  }

  /** The parameters of a statement; undefined until it was described. */
  parameters(text: string): Parameters | undefined {
    return this.#parameters.get(text);
  }

  /** Takes note of a statement's parameters, as the server described them. */
  describe(text: string, oids: readonly number[]): Parameters {
    const known = this.#parameters.get(text);
    if (known?.oids.length === oids.length && oids.every((oid, at) => oid === known.oids[at])) return known;
    if (this.#parameters.size >= maxStatements) this.#parameters.clear();
    const parameters = new Parameters(this, oids);
    this.#parameters.set(text, parameters);
    return parameters;
  }

  /** Everything is asked for again: the server may be another. */
  forget(): void {
    this.#types.clear();
    this.#parameters.clear();
  }

  /** Takes the response to {@link typeStatement}. */
  learn(asked: readonly number[], rows: readonly Record<string, unknown>[]): void {
    const byOid = new Map((rows as unknown as readonly TypeRow[]).map((row) => [row.oid, row]));
    for (const oid of [...byOid.keys(), ...asked]) this.#types.set(oid, this.#typeOf(oid, byOid));
  }

  #typeOf(oid: number, rows: ReadonlyMap<number, TypeRow>): SqlType {
    const known = builtIn.get(oid);
    if (known !== undefined) return known;
    const row = rows.get(oid);
    if (row === undefined) return textType(`type ${oid}`);
    if (row.type === "d") return { ...this.#typeOf(row.base, rows), name: row.name };
    if (row.element !== 0 && row.delimiter === ",") return arrayOf(this.#typeOf(row.element, rows));
    return textType(row.name);
  }
}

/** Reads types, and those that they are made of. */
export const typeText = `with recursive made (oid) as (
        select unnest($1::pg_catalog.oid[])
        union select unnest(array[t.typelem, t.typbasetype]) from pg_catalog.pg_type t join made on made.oid = t.oid where t.typcategory = 'A' or t.typtype = 'd'
      )
      select t.oid::pg_catalog.oid as oid, t.typname::text as name, t.typtype::text as type, t.typdelim::text as delimiter, t.typbasetype as base,
        case when t.typcategory = 'A' then t.typelem else 0 end as element
      from pg_catalog.pg_type t join made on made.oid = t.oid`;

/** Asks for types, and for those that they are made of. */
export function typeStatement(oids: readonly number[]): Statement {
  return {
    text: typeText,
    values: [`{${oids.join(",")}}`],
    columnsAsIs: true,
  };
}
