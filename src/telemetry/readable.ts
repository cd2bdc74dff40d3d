import { stripVTControlCharacters, styleText } from "node:util";

type Fields = Readonly<Record<string, unknown>>;

/** What has its own place in a readable line. */
const placed = new Set(
  "time level operation kind code request_id trace_id span_id parent_span_id actor_kind deadline_ms duration_ms queued_ms running_ms database_ms statements http message error criticality".split(
    " ",
  ),
);
const colours = { debug: "gray", info: "green", warn: "yellow", error: "red" } as const;

/**
 * Writes a line of the JSON log for people: one line for what happened, and below it what is rare, as the cause of a failure with its stack.
 * *Guarantees*: what the JSON line hides stays hidden, and no control character of a caller reaches the terminal.
 */
export function readableLine(json: string, coloured: boolean): string {
  const line = JSON.parse(json) as Fields;
  const { time, level, operation, code, http, message, request_id: requestId } = line;
  const colour = colours[level as keyof typeof colours];
  const paint = (text: string) => (coloured ? styleText(colour, text, { validateStream: false }) : text);
  const { method, route, status } = (http ?? {}) as Fields;
  const what = message === undefined ? [status ?? code, method, route, operation, timesOf(line)] : [operation, message];
  const head = `${String(time).slice(11, 23)} ${paint(String(level).padEnd(5))} ${clean(what.filter((part) => part !== undefined).join(" "))}`;
  const rest = Object.entries(line).flatMap(([key, value]) =>
    placed.has(key) ? [] : [`  ${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`],
  );
  const more = [...rest, ...errorLines(line.error as Fields | undefined)];
  if (level === "error" || level === "warn") more.push(`  request: ${requestId}`);
  return `${[head, ...more.map(clean)].join("\n")}\n`;
}

function timesOf({ duration_ms: duration, database_ms: database, statements }: Fields): string {
  const inDatabase = database === undefined ? "" : ` (database ${database} ms, ${statements ?? 0} statements)`;
  return `${duration} ms${inDatabase}`;
}

/** The cause, and where it was thrown: the stack repeats name and message. */
function errorLines(error: Fields | undefined): string[] {
  if (error === undefined) return [];
  const { name, message, cause, stack, ...more } = error;
  const first = stack === undefined ? [name === undefined ? message : `${name}: ${message}`] : String(stack).split("\n");
  const facts = Object.entries(more).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [...first, ...(cause === undefined ? [] : [`caused by ${cause}`]), ...facts].map((text) => `  ${text}`);
}

/** What callers wrote has no colour, moves no cursor and makes up no line. */
function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
