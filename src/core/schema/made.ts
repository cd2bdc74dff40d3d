// How the input of a task is kept, so that every attempt is given the same.
//
// It is kept as it was sent, because what was parsed is not always a valid input, and because an attempt after a deploy is to get the fields that the
// schema has since. Where parsing made a value that was not sent (a default, a caught value, a transformation), the value is kept beside it: parsing
// makes it again with every attempt, and may make another. What has no JSON form (a Map, an instance of a class) is made again each time, and a name
// of a field that is made is added to those of the start.

type Fields = Readonly<Record<string, unknown>>;

/** The text of an input: its JSON, or `[sent, made]` where the schema made something. An input is an object, so the two cannot be confused. */
export function writeInput(sent: unknown, parsed: unknown): string {
  // An input that is optional may be left out; null is no input, and stands for it.
  const text = JSON.stringify(sent) ?? "null";
  const made = madeBySchema(sent, parsed);
  if (made !== undefined) return `[${text},${JSON.stringify(made)}]`;
  return sent === undefined ? "[null]" : text;
}

/** What was kept. *Faults thrown*: what `JSON.parse` throws. */
export function readInput(text: string): { readonly sent: unknown; readonly made: unknown } {
  const kept: unknown = JSON.parse(text);
  return Array.isArray(kept) ? { sent: kept[0] ?? undefined, made: kept[1] } : { sent: kept, made: undefined };
}

/** The parts of a parsed value that differ from what was sent, as JSON; undefined where nothing does, or the part has no JSON form. */
function madeBySchema(sent: unknown, parsed: unknown): unknown {
  if (Object.is(sent, parsed)) return undefined;
  if (typeof parsed === "bigint") return String(parsed);
  if (typeof parsed === "number") return Number.isFinite(parsed) ? parsed : undefined;
  if (parsed === null || typeof parsed === "string" || typeof parsed === "boolean") return parsed;
  if (parsed instanceof Date) return isSameTime(sent, parsed) ? undefined : textOf(parsed);
  if (Array.isArray(parsed)) return madeItems(sent, parsed);
  return isPlain(parsed) ? madeFields(isPlain(sent) ? sent : undefined, parsed) : undefined;
}

/** Of a list as long as the one that was sent only the items that differ, by their place. */
function madeItems(sent: unknown, parsed: readonly unknown[]): unknown {
  if (Array.isArray(sent) && sent.length === parsed.length) return madeFields({ ...sent }, { ...parsed });
  return parsed.map((item) => madeBySchema(undefined, item) ?? null);
}

function madeFields(sent: Fields | undefined, parsed: Fields): unknown {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parsed)) {
    const part = madeBySchema(sent?.[name], value);
    if (part !== undefined && name !== "__proto__") made[name] = part;
  }
  return sent !== undefined && Object.keys(made).length === 0 ? undefined : made;
}

/**
 * Puts what the schema made at the start into what it gives now. Fields that the schema has since keep what it gives now, and so does what has
 * another type by now.
 */
export function withMade(parsed: unknown, made: unknown): unknown {
  if (made === undefined) return parsed;
  if (parsed instanceof Date) return typeof made === "string" ? new Date(made) : parsed;
  if (typeof parsed === "bigint") return typeof made === "string" && /^-?\d+$/.test(made) ? BigInt(made) : parsed;
  if (Array.isArray(parsed)) return withMadeItems(parsed, made);
  if (isPlain(parsed) && isPlain(made)) {
    const merged: Record<string, unknown> = { ...parsed };
    for (const [name, part] of Object.entries(made)) merged[name] = name in parsed ? withMade(parsed[name], part) : part;
    return merged;
  }
  const isReplaced = parsed === undefined || parsed === null || made === null || typeof parsed === typeof made;
  return isReplaced && (typeof parsed !== "object" || parsed === null) ? made : parsed;
}

function withMadeItems(parsed: readonly unknown[], made: unknown): unknown {
  if (Array.isArray(made)) return made.length === parsed.length ? parsed.map((item, at) => withMade(item, made[at])) : made;
  return isPlain(made) ? parsed.map((item, at) => withMade(item, made[at])) : parsed;
}

function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isSameTime(sent: unknown, parsed: Date): boolean {
  return (sent instanceof Date || typeof sent === "string") && new Date(sent).getTime() === parsed.getTime();
}

function textOf(date: Date): string | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
