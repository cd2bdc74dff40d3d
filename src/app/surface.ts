import type { Signal } from "../core/signals.ts";
import type { Authenticator } from "../operation/actor.ts";
import type { Runtime } from "../pipeline/runtime.ts";

/** What an app tells its surfaces. */
export interface SurfaceHost {
  readonly runtime: Runtime;
  readonly authenticator: Authenticator | undefined;
  readonly service: { readonly name: string; readonly version: string };
  /** From now on new work is refused; what runs is let finish. */
  readonly stopping: Signal<undefined>;
}

/** A way in: HTTP now, others later. */
export interface Surface {
  readonly name: string;
  /** Begins to accept. Rejects when it cannot, and says what to do. */
  start(host: SurfaceHost): Promise<void>;
  /** Stops accepting; what was accepted is still answered. */
  close(): Promise<void>;
  /** Lets everything go. */
  stop(): Promise<void>;
  /** Answers a web request, where the surface speaks HTTP. */
  fetch?(request: Request): Promise<Response>;
  /** Where it listens, once it does. */
  readonly url?: string | undefined;
}
