import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { TelemetrySink } from "../../operation/telemetry.ts";
import type { OpsSpec } from "../ops/ops.ts";
import type { Surface } from "../surface.ts";
import type { SupervisorLink } from "./link.ts";

/** The parts of an app by which several processes of this machine run it. */
export interface AppParts {
  readonly surfaces: readonly Surface[];
  readonly shutdownMs: number;
  readonly shutdownDelayMs: number;
  /** What all processes of the app must share, if the app has no secret of its own for it. */
  readonly secret: Buffer;
  readonly ops: OpsSpec | undefined;
  /** What runs once for all processes of the app. */
  readonly shared: Service | undefined;
  readonly sinks: readonly TelemetrySink[];
  /** Where the ops port has pages that one process answers for all. */
  readonly pages: readonly string[];
  /** Has a sink show other metrics than those of the app. */
  attach(sink: TelemetrySink, metrics: Metrics): Promise<void>;
  /** Runs the app as one process of several from its start on. Only before it. */
  join(link: SupervisorLink): void;
}
