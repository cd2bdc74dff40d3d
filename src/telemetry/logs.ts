import assert from "node:assert";
import type { Level } from "../core/code.ts";
import type { TelemetrySink, TelemetrySources } from "../operation/telemetry.ts";
import { LineFormat, levelOf } from "./log-line.ts";
import { FunctionLogWriter, type LogDestination, type LogWriter, openLog } from "./log-writer.ts";
import { readableLine } from "./readable.ts";
import { type IdentityPolicy, pseudonym, Redaction } from "./redaction.ts";

/** Options of {@link logs}: what it writes, and where. */
export interface LogsOptions {
  /** *Default*: `"stdout"`. */
  readonly destination?: LogDestination;
  /**
   * `"readable"` is for people: a line for each execution and `scope.log`, with the cause of a failure below it. *Default*: readable where the destination is
   * `"stdout"`, a terminal, and `NODE_ENV` is not `production`; otherwise `"json"`.
   */
  readonly format?: "json" | "readable";
  /** The lowest level that is written. *Default*: `"debug"`, which includes every execution. */
  readonly level?: Level;
  /** Further keys whose values are hidden at any depth, in addition to the built-in list. */
  readonly redact?: readonly string[];
  /** *Default*: `"hash"`. */
  readonly tenant?: IdentityPolicy;
  /** *Default*: `"drop"`: only the kind of the actor is written. */
  readonly actorId?: IdentityPolicy;
}

const weight: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Writes one JSON line for each execution, and one for each `scope.log`, with the ids that join them to traces.
 * *Guarantees*: no execution waits for it; lines that do not fit are dropped and counted in `plimsoll_log_lines_dropped_total`.
 * *Faults thrown* at start: `log_file_unusable`.
 * @example createApp({ telemetry: [logs({ destination: { file: "/var/log/shop.jsonl" }, redact: ["iban"] })] })
 */
export function logs(options: LogsOptions = {}): TelemetrySink {
  const { destination = "stdout", level = "debug", redact, tenant = "hash", actorId = "drop" } = options;
  const least = weight[level];
  assert(least !== undefined, `logs({ level: "${level}" }): write "debug", "info", "warn" or "error".`);
  const terminal = destination === "stdout" && process.stdout.isTTY === true;
  const { format: asked = terminal && process.env.NODE_ENV !== "production" ? "readable" : "json" } = options;
  assert(asked === "json" || asked === "readable", `logs({ format: "${asked}" }): write "json" or "readable".`);
  let writer: LogWriter | undefined;
  const unsubscribe: (() => void)[] = [];

  function attach(sources: TelemetrySources): void {
    assert(writer === undefined, "logs() already belongs to another app. Create one for each app.");
    const { name } = sources.service;
    const format = new LineFormat({ redaction: new Redaction(redact), tenant: pseudonym(tenant, name), actorId: pseudonym(actorId, name) });
    const lines =
      asked === "readable"
        ? readable(destination)
        : isFunction(destination)
          ? new FunctionLogWriter(destination.write)
          : openLog(destination, sources.clock);
    writer = lines;
    unsubscribe.push(
      sources.executed.on((execution) => {
        if (least > 0 && weight[levelOf(execution.outcome)] < least) return;
        const line = lines.open();
        if (line === undefined) return;
        format.execution(execution, line);
        lines.commit();
      }),
      sources.logged.on((record) => {
        if (weight[record.level] < least) return;
        const line = lines.open();
        if (line === undefined) return;
        format.record(record, line);
        lines.commit();
      }),
    );
    sources.metrics.total({ name: "plimsoll_log_lines_dropped_total", help: "Log lines that found no room.", read: () => lines.dropped });
  }

  async function stop(): Promise<void> {
    for (const off of unsubscribe.splice(0)) off();
    await writer?.stop();
  }

  return { name: "logs", attach, stop };
}

/** Lines for people are few and are read at once: they are handed over one by one. */
function readable(destination: LogDestination): LogWriter {
  if (isFunction(destination)) return new FunctionLogWriter((line) => destination.write(readableLine(line, false)));
  if (destination === "stdout") {
    const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
    return new FunctionLogWriter((line) => process.stdout.write(readableLine(line, coloured)));
  }
  assert.fail('logs({ format: "readable" }) is for a terminal. Leave the format of a file out.');
}

function isFunction(destination: LogDestination): destination is { readonly write: (line: string) => void } {
  return typeof destination === "object" && "write" in destination;
}
