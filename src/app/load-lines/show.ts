import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { HostSignals } from "../../pipeline/host.ts";
import { registerLoadLines } from "./metrics.ts";

/** Shows the limits of an app as metrics, and logs every change of a mode as a warning with its reason and the mode before. */
export function showLoadLines(lines: LoadLines, metrics: Metrics, { logged }: Pick<HostSignals, "logged">): void {
  registerLoadLines(metrics, lines);
  lines.switched.on(({ at, ...fields }) => {
    const message = `The mode of the limit "${fields.limit}" changed from ${fields.previous} to ${fields.mode}.`;
    const ids = { requestId: "", traceId: "", spanId: "" };
    logged.publish({ level: "warn", message, fields, at, operation: "plimsoll.loadlines", ...ids });
  });
}
