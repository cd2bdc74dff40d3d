import type { Socket } from "node:net";
import type { LoadLine } from "../core/load-line/load-line.ts";
import type { Signal } from "../core/signals.ts";
import type { Authenticator } from "../operation/actor.ts";
import type { Operation } from "../operation/contract.ts";
import type { Module } from "../operation/module.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import type { Runtime } from "../pipeline/runtime.ts";

/** What an app tells its surfaces. */
export interface SurfaceHost {
  readonly runtime: Runtime;
  readonly authenticator: Authenticator | undefined;
  readonly service: { readonly name: string; readonly version: string };
  /** From now on new work is refused; what runs is let finish. */
  readonly stopping: Signal<undefined>;
  /** Where its connections come from, if another process listens for it: then it opens no port. */
  readonly sockets?: HandedSockets | undefined;
}

/** Connections that another process of this machine accepts. */
export interface HandedSockets {
  /** Where that process listens. */
  readonly url: string;
  /** Takes every connection from now on. Nothing was read from it. */
  take(accept: (socket: Socket) => void): void;
  /** Gives the secret of which the processes that share them make the keys of TLS session tickets, and each that follows it. *Default*: they share none. */
  tickets?(use: (secret: Buffer) => void): void;
}

/** What a supervisor needs to listen for a surface. */
export interface Front {
  readonly port: number;
  readonly host: string;
  /** What its address begins with. *Default*: `http`. */
  readonly protocol?: "http" | "https";
  /** What the port is called in messages, as in `The HTTP port`. */
  readonly what: string;
  /** The limits by which it decides. */
  readonly lines: readonly LoadLine[];
  /** Decides on a connection that comes now, beside so many open ones of all processes. *Units*: monotonic milliseconds. */
  takes(open: number, now: number): boolean;
}

/** What the surrounding server knows about the sender of a web request. */
export interface FetchCaller {
  /**
   * The address of the peer, as the server that took the request knows it. Strangers are rate-limited by it, and `trustProxy` looks whether it is a proxy.
   * *Default*: unknown; all strangers of whom nothing is known share one rate.
   */
  readonly address?: string | undefined;
}

/** A way for requests to reach operations, such as HTTP. */
export interface Surface {
  readonly name: string;
  /** What it adds to the modules of the app, such as routes that HTTP serves for it. *Default*: nothing. */
  readonly modules?: readonly Module[];
  /**
   * Reports the operations that it cannot serve as they are declared, before anything starts, and sets the `head` of those of which it says more than
   * their output. It is asked in every process that lists it, whatever the role. *Default*: it serves all, and says no more.
   */
  compile?(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void;
  /** Begins to accept. Rejects when it cannot, and says what to do. */
  start(host: SurfaceHost): Promise<void>;
  /** Stops accepting; what was accepted is still answered. */
  close(): Promise<void>;
  /** Lets everything go. */
  stop(): Promise<void>;
  /** Answers a web request, where the surface speaks HTTP. */
  fetch?(request: Request, caller?: FetchCaller): Promise<Response>;
  /** Makes what another process needs to listen for it in so many processes; undefined where it opens no port. */
  front?(processes: number): Front | undefined;
  /** Where it listens, once it does. */
  readonly url?: string | undefined;
}
