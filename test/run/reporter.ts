import { inspect } from "node:util";

/** The part of a runner's event that is read here. */
interface RunnerEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    readonly line?: number;
    readonly todo?: boolean | string;
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
  | { readonly kind: "fail"; readonly name: string; readonly place: string; readonly error: string }
  | { readonly kind: "end"; readonly passed: number; readonly failed: number; readonly skipped: number };

const errorChars = 8_000;

/** Writes the failures of one test process, and last its counts, as JSON lines: a report without the last line is of a process that did not end by itself. */
async function* report(events: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  for await (const { type, data } of events) {
    if (type === "test:start") path.splice(data.nesting ?? 0, path.length, data.name ?? "");
    const line = type === "test:fail" ? failure(data, path) : type === "test:summary" ? end(data) : undefined;
    if (line) yield `${JSON.stringify(line)}\n`;
  }
}

function failure(data: RunnerEvent["data"], path: readonly string[]): ReportLine | undefined {
  const thrown = data.details?.error;
  // Whoever only holds a failure is not one: the failure itself is reported beside it.
  if (thrown?.failureType === "subtestsFailed" || data.todo) return undefined;
  const name = [...path.slice(0, data.nesting ?? 0), data.name].join(" > ");
  const error = inspect(thrown?.cause ?? thrown, { depth: 6 }).slice(0, errorChars);
  return { kind: "fail", name, place: `${data.file ?? "?"}:${data.line ?? "?"}`, error };
}

function end({ counts }: RunnerEvent["data"]): ReportLine | undefined {
  if (!counts) return undefined;
  return { kind: "end", passed: counts.passed, failed: counts.failed + counts.cancelled, skipped: counts.skipped + counts.todo };
}

// tidy-allow: --test-reporter loads a default export.
export default report;
