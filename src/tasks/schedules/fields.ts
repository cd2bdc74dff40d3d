import { Fault } from "../../core/fault.ts";

/** One of the places of a cron expression. */
export interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Words for values, the first for `min`. */
  readonly words?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

export const second: Field = { name: "second", min: 0, max: 59 };
export const minute: Field = { name: "minute", min: 0, max: 59 };
export const hour: Field = { name: "hour", min: 0, max: 23 };
export const day: Field = { name: "day of the month", min: 1, max: 31 };
export const month: Field = { name: "month", min: 1, max: 12, words: months };
/** 7 is Sunday, too. */
export const weekday: Field = { name: "day of the week", min: 0, max: 7, words: weekdays };

/** What a field asks for. */
export interface Choice {
  /** In order, each once. */
  readonly values: readonly number[];
  /** Whether the field begins with a star, and so says nothing about which of two days is meant. */
  readonly starred: boolean;
}

/**
 * Reads a list of values, words, ranges and steps, as in `1-5,sat` or `*` with `/15`.
 * *Faults thrown*: `invalid_argument` of type `cron_invalid`, with the field and the mend.
 */
export function readField(field: Field, text: string): Choice {
  const values = new Set<number>();
  for (const part of text.split(",")) for (const value of readPart(field, part)) values.add(field === weekday ? value % 7 : value);
  return { values: [...values].sort((a, b) => a - b), starred: text.startsWith("*") };
}

function readPart(field: Field, part: string): number[] {
  const [range = "", stepText, ...more] = part.split("/");
  if (range === "" || more.length > 0) throw refused(field, part, `Write values as in ${example(field)}.`);
  const [from, to] = readRange(field, range, stepText !== undefined);
  const step = stepText === undefined ? 1 : readStep(field, { part, stepText, from, to });
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function readRange(field: Field, range: string, hasStep: boolean): readonly [number, number] {
  if (range === "*") return [field.min, lastOf(field)];
  const [first = "", last, ...more] = range.split("-");
  if (more.length > 0) throw refused(field, range, `Write a range as in ${field.min}-${lastOf(field)}.`);
  const from = readValue(field, first);
  if (last === undefined) return [from, hasStep ? Math.max(from, lastOf(field)) : from];
  const end = readValue(field, last);
  // "fri-sun": a week may end with Sunday.
  const to = field === weekday && end === 0 && from > 0 ? 7 : end;
  if (to >= from) return [from, to];
  throw refused(field, range, `It runs backwards. Write it in two: ${first}-${lastOf(field)},${field.min}-${last}.`);
}

function readValue(field: Field, text: string): number {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return word + field.min;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.min && value <= field.max) return value;
  const words = field.words === undefined ? "" : `, or ${field.words[0]} to ${field.words.at(-1)}`;
  throw refused(field, text, text === "?" ? "Write * instead." : `Write ${field.min} to ${lastOf(field)}${words}.`);
}

function readStep(
  field: Field,
  { part, stepText, from, to }: { readonly part: string; readonly stepText: string; readonly from: number; readonly to: number },
): number {
  const step = /^\d{1,4}$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1) throw refused(field, part, "A step is a whole number from 1.");
  if (step <= to - from) return step;
  throw refused(field, part, `A step of ${step} never leaves the first value, ${from}. Write ${from}, or a step of at most ${to - from}.`);
}

function lastOf(field: Field): number {
  return field === weekday ? 6 : field.max;
}

function example({ min, words }: Field): string {
  return words === undefined ? `${min}, ${min}-${min + 4}, ${min},${min + 2} or */2` : `${words[1]}, ${words[1]}-${words[4]}, 1,3 or */2`;
}

function refused({ name }: Field, text: string, mend: string): Fault {
  return cronFault(name, `The ${name} "${text}" is refused. ${mend}`);
}

/** A cron expression that cannot be followed. */
export function cronFault(field: string, message: string): Fault {
  return new Fault({ code: "invalid_argument", type: "cron_invalid", message, details: { field } });
}
