import { Fault } from "../core/fault.ts";

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

/** The field for seconds, the first of six. */
export const second: Field = { name: "second", min: 0, max: 59 };
/** The field for minutes. */
export const minute: Field = { name: "minute", min: 0, max: 59 };
/** The field for hours. */
export const hour: Field = { name: "hour", min: 0, max: 23 };
/** The field for days of the month. */
export const day: Field = { name: "day of the month", min: 1, max: 31 };
/** The field for months, as numbers or English abbreviations. */
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

/** One entry of the list that a field is, and the field as it was written. */
interface Part {
  readonly field: Field;
  readonly text: string;
  readonly written: string;
}

/**
 * Reads a list of values, words, ranges and steps, as in `1-5,sat` or `*` with `/15`. `written`: the field as it stands in the expression.
 * *Faults thrown*: `invalid_argument` of type `cron_invalid`, with the field, what was written and the fix.
 */
export function readField(field: Field, text: string, written = text): Choice {
  const values = new Set<number>();
  for (const part of text.split(","))
    for (const value of readPart({ field, text: part, written })) values.add(field === weekday ? value % 7 : value);
  return { values: [...values].sort((a, b) => a - b), starred: text.startsWith("*") };
}

function readPart(part: Part): number[] {
  const { field, text } = part;
  const [range = "", stepText, ...more] = text.split("/");
  if (range === "" || more.length > 0) throw refused(part, `Write values as in ${example(field)}.`);
  const [from, to] = readRange(part, range, stepText !== undefined);
  const step = stepText === undefined ? 1 : readStep(part, { stepText, from, to });
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function readRange(part: Part, range: string, hasStep: boolean): readonly [number, number] {
  const { field } = part;
  if (range === "*") return [field.min, lastOf(field)];
  const [first = "", last, ...more] = range.split("-");
  if (more.length > 0) throw refused(part, `Write a range as in ${field.min}-${lastOf(field)}.`);
  const from = readValue(part, first);
  if (last === undefined) return [from, hasStep ? Math.max(from, lastOf(field)) : from];
  const end = readValue(part, last);
  // "fri-sun": a week may end with Sunday.
  const to = field === weekday && end === 0 && from > 0 ? 7 : end;
  if (to >= from) return [from, to];
  throw refused(part, `It runs backwards. Write it in two: ${first}-${lastOf(field)},${field.min}-${last}.`);
}

function readValue(part: Part, text: string): number {
  const { field } = part;
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return word + field.min;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.min && value <= field.max) return value;
  const words = field.words === undefined ? "" : `, or ${field.words[0]} to ${field.words.at(-1)}`;
  const last = field === day ? ", or L alone for the last day" : "";
  throw refused(
    part,
    text === "?" ? "Write * instead." : `${unknownSign(part.text)}Write ${field.min} to ${lastOf(field)}${words}${last}.`,
  );
}

/** Signs of other crons that mean nothing here. */
function unknownSign(text: string): string {
  if (/^(\d+w|lw|w)$/i.test(text)) return "There is no W, the nearest weekday. ";
  if (text.includes("#")) return "There is no #, the nth weekday of a month. ";
  return /^l-|\dl$/i.test(text) ? "L stands alone. " : "";
}

function readStep(part: Part, { stepText, from, to }: { readonly stepText: string; readonly from: number; readonly to: number }): number {
  const step = /^\d{1,4}$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1) throw refused(part, "A step is a whole number from 1.");
  if (step <= to - from) return step;
  throw refused(part, `A step of ${step} never leaves the first value, ${from}. Write ${from}, or a step of at most ${to - from}.`);
}

function lastOf(field: Field): number {
  return field === weekday ? 6 : field.max;
}

function example({ min, words }: Field): string {
  return words === undefined ? `${min}, ${min}-${min + 4}, ${min},${min + 2} or */2` : `${words[1]}, ${words[1]}-${words[4]}, 1,3 or */2`;
}

function refused({ field: { name }, text, written }: Part, fix: string): Fault {
  const where = text === written ? "" : ` in "${written}"`;
  return cronFault(name, `The ${name} "${text}"${where} is refused. ${fix}`);
}

/** A cron expression that cannot be followed. */
export function cronFault(field: string, message: string): Fault {
  return new Fault({ code: "invalid_argument", type: "cron_invalid", message, details: { field } });
}
