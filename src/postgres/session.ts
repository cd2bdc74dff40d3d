import type { Statement } from "../operation/transaction.ts";

/** What reading and writing rely on, and the settings of a server, a database or a role may be otherwise. */
interface Need {
  readonly name: string;
  readonly value: string;
  /** What does as well. */
  readonly also?: readonly string[];
}

const needs: readonly Need[] = [
  // Times are read and written in UTC; the others are its other names.
  {
    ...{ name: "TimeZone", value: "UTC" },
    also: ["Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "Greenwich", "Etc/Greenwich"],
  },
  { name: "DateStyle", value: "ISO, MDY" },
  { name: "IntervalStyle", value: "postgres" },
  { name: "standard_conforming_strings", value: "on" },
  // From 1 on the server writes floating-point numbers so that they read as what they are.
  { name: "extra_float_digits", value: "1", also: ["2", "3"] },
  { name: "bytea_output", value: "hex" },
  { name: "array_nulls", value: "on" },
  { name: "transform_null_equals", value: "off" },
  { name: "row_security", value: "on" },
  { name: "default_transaction_isolation", value: "read committed" },
  // Off would lose what was acknowledged when the server crashes; whether standbys are waited for is the operator's choice.
  { name: "synchronous_commit", value: "on", also: ["local", "remote_write", "remote_apply"] },
];

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const kept = ({ value, also = [] }: Need): readonly string[] => [value, ...also];

/** Reads what the settings are, and which backend says so, as `pid`. One row, its columns named like the settings. */
export const sessionReading = `select pg_backend_pid() as pid, ${needs.map(({ name }) => `current_setting(${literal(name)}) as "${name}"`).join(", ")}`;

/**
 * Reads what the settings are where no session has set them: a row for each. Behind a pooler a backend may have what another client has set, and the next
 * one has not.
 */
export const sessionResets = `select name, reset_val as setting from pg_settings where name in (${needs.map(({ name }) => literal(name)).join(", ")})`;

/** Sets what is needed for the rest of the session. Behind a transaction pooler it holds on one of its connections only. */
export const sessionSetting = `select where (${needs
  .map((need) => {
    const name = literal(need.name);
    const value =
      need.also === undefined
        ? literal(need.value)
        : `case when current_setting(${name}) in (${kept(need).map(literal).join(", ")}) then current_setting(${name}) else ${literal(need.value)} end`;
    return `set_config(${name}, ${value}, false)`;
  })
  .join(" || ")}) is null`;

/**
 * What one connection must set in each of its transactions, because its sessions may be without it. What was found wrong once is set from then
 * on: a server whose configuration changed, or a pooler, shows it again.
 */
export class SessionPins {
  readonly #names = new Set<string>();
  /** To be sent with the first flight of a transaction; undefined where nothing has to be set, as on most servers. */
  statement: Statement | undefined;

  /** Takes note of what a setting is. */
  observe(name: string, setting: string): void {
    const need = needs.find((known) => known.name === name);
    if (need === undefined || kept(need).includes(setting) || this.#names.has(name)) return;
    this.#names.add(name);
    const set = needs.filter((known) => this.#names.has(known.name)).map((known) => `set_config('${known.name}', '${known.value}', true)`);
    this.statement = { text: `select where (${set.join(" || ")}) is null`, values: [], columnsAsIs: true };
  }
}
