import { attempt } from "../../core/value/thrown.ts";
import type { TelemetrySink } from "../../operation/telemetry.ts";

/** The metrics of an app as text. `none`: no sink shows any. `broken`: those that should have thrown. */
export type Exposed = { readonly contentType: string; readonly body: string } | "none" | "broken";

/** Shows the metrics of every sink that has some. A sink whose metrics throw does not hide those of the others. */
export function exposeAll(sinks: readonly TelemetrySink[]): Exposed {
  const exposed = sinks.flatMap((sink) => attempt(() => sink.expose?.()) ?? []);
  const [first] = exposed;
  if (first !== undefined) return { contentType: first.contentType, body: exposed.map(({ body }) => body).join("") };
  return sinks.some((sink) => sink.expose !== undefined) ? "broken" : "none";
}
