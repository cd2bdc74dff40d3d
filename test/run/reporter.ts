import { inspect } from "node:util";

/** The part of a runner's event that is read here. */
interface RunnerEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    readonly line?: number;
    readonly message?: string;
    readonly todo?: boolean | string;
    readonly skip?: boolean | string;
    readonly details?: { readonly error?: { readonly failureType?: string; readonly cause?: unknown } };
    readonly counts?: {
      readonly passed: number;
      readonly failed: number;
      readonly cancelled: number;
      readonly skipped: number;
      readonly todo: number;
    };
  };
}

/** One line of the report that a test process leaves behind. */
export type ReportLine =
  /** A test began, or ended: as it happens, while the others come in the order of the file. `depth`: how many tests are around it. */
  | { readonly kind: "begins" | "over"; readonly name: string; readonly depth: number; readonly line: number }
  | { readonly kind: "pass"; readonly name: string }
  /** `asserted`: it failed by an assertion, of its own or inside a property. */
  | { readonly kind: "fail"; readonly name: string; readonly place: string; readonly error: string; readonly asserted: boolean }
  /** What a test says of its run beside its end, such as how many points it tried. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "end"; readonly passed: number; readonly failed: number; readonly skipped: number };

const errorChars = 8_000;
const noteChars = 2_000;

/** Writes the tests of one process, and last its counts, as JSON lines: a report without the last line is of a process that did not end by itself. */
async function* report(events: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  for await (const event of events) {
    const moment = momentOf(event);
    if (moment) yield `${JSON.stringify(moment)}\n`;
    if (event.type === "test:start") path.splice(event.data.nesting ?? 0, path.length, event.data.name ?? "");
    const line = lineOf(event, path);
    if (line) yield `${JSON.stringify(line)}\n`;
  }
}

function lineOf({ type, data }: RunnerEvent, path: readonly string[]): ReportLine | undefined {
  if (type === "test:fail") return failure(data, path);
  if (type === "test:pass") return data.skip === undefined && !data.todo ? { kind: "pass", name: nameOf(data, path) } : undefined;
  if (type === "test:diagnostic") return noteOf(data);
  return type === "test:summary" ? end(data) : undefined;
}

function momentOf({ type, data }: RunnerEvent): ReportLine | undefined {
  const kind = type === "test:dequeue" ? "begins" : type === "test:complete" ? "over" : undefined;
  return kind && { kind, name: data.name ?? "", depth: data.nesting ?? 0, line: data.line ?? 0 };
}

const nameOf = (data: RunnerEvent["data"], path: readonly string[]) => [...path.slice(0, data.nesting ?? 0), data.name].join(" > ");

/** Whether an assertion is behind an error: a property's error carries it as its cause. */
function isAsserted(error: unknown): boolean {
  for (let at = error, hops = 0; at instanceof Error && hops < 4; at = at.cause, hops++)
    if ((at as { code?: unknown }).code === "ERR_ASSERTION") return true;
  return false;
}

function failure(data: RunnerEvent["data"], path: readonly string[]): ReportLine | undefined {
  const thrown = data.details?.error;
  // A suite that only contains a failure is not one: the failure itself is reported beside it.
  if (thrown?.failureType === "subtestsFailed" || data.todo) return undefined;
  const cause = thrown?.cause ?? thrown;
  const error = inspect(cause, { depth: 6 }).slice(0, errorChars);
  return { kind: "fail", name: nameOf(data, path), place: `${data.file ?? "?"}:${data.line ?? "?"}`, error, asserted: isAsserted(cause) };
}

/** The runner's own counts come as diagnostics too. */
const ownCounts = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

function noteOf({ message }: RunnerEvent["data"]): ReportLine | undefined {
  return message === undefined || ownCounts.test(message) ? undefined : { kind: "note", text: message.slice(0, noteChars) };
}

function end({ counts }: RunnerEvent["data"]): ReportLine | undefined {
  if (!counts) return undefined;
  return { kind: "end", passed: counts.passed, failed: counts.failed + counts.cancelled, skipped: counts.skipped + counts.todo };
}

// tidy-allow: --test-reporter loads a default export.
export default report;
