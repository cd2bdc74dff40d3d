import { Fault } from "../fault.ts";
import { tooDeep } from "./reader.ts";

// Counts in a JSON text without making its values. Invalid JSON may be counted wrongly; the reader refuses it later.

/**
 * *Faults thrown*: `invalid_argument` of type `too_many_values` where a text holds more values than are allowed, of type `malformed_json` where it is too deep
 * before that.
 */
export function refuseMany(text: string, { maxValues, maxDepth }: { readonly maxValues: number; readonly maxDepth: number }): void {
  // A value takes two units, itself and a comma, so that most texts need no counting.
  if (text.length < 2 * maxValues || !hasMarks(text, maxValues)) return;
  let count = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) at = endOfString(text, at);
    else if (isOpening(unit)) {
      if (++depth > maxDepth) throw tooDeep(at, maxDepth);
      // It begins a value inside, unless it is closed at once.
      if (!isClosing(unitAfterSpace(text, at))) count++;
    } else if (isClosing(unit)) depth--;
    else if (unit === 0x2c) count++;
    if (count > maxValues) throw tooMany(at + 1, maxValues);
  }
}

function tooMany(at: number, most: number): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "too_many_values",
    message: `The JSON holds more than ${most} values: those from position ${at} on are above the limit. Send fewer at once.`,
    details: { limit: "JSON values", value: most },
  });
}

/** Whether there are so many commas and brackets, strings included: each value but the first has one before it. */
function hasMarks(text: string, most: number): boolean {
  let left = most;
  for (const mark of [",", "[", "{"]) for (let at = text.indexOf(mark); at !== -1 && left > 0; at = text.indexOf(mark, at + 1)) left--;
  return left === 0;
}

function isOpening(unit: number): boolean {
  return unit === 0x5b || unit === 0x7b;
}

function isClosing(unit: number): boolean {
  return unit === 0x5d || unit === 0x7d;
}

/** The first unit after this place that is no space. */
function unitAfterSpace(text: string, at: number): number {
  let unit = text.charCodeAt(at + 1);
  for (let next = at + 2; unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09; next++) unit = text.charCodeAt(next);
  return unit;
}

/** Where the string that begins here has its last quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let unit = text.charCodeAt(at); unit !== 0x22 && at < text.length; unit = text.charCodeAt(at)) at += unit === 0x5c ? 2 : 1;
  return at;
}

/** Whether a valid text has more keys than this. */
export function hasMoreKeys(text: string, keys: number): boolean {
  // Colons that stand eight units apart or more are found faster by looking for them; one after a key stands next to the key's quote or to a space.
  if (keys * 8 < text.length && likelyKeys(text, keys) <= keys) return false;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) at = endOfString(text, at);
    else if (unit === 0x3a) count++;
  }
  return count > keys;
}

/** How many colons may stand after a key, those included that stand in a string and only look so; counted until there are more than `most`. */
function likelyKeys(text: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(":"); at !== -1 && count <= most; at = text.indexOf(":", at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before === 0x22 || before <= 0x20) count++;
  }
  return count;
}
