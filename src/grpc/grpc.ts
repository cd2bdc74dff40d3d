import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Surface, SurfaceHost } from "../app/surface.ts";
import type { Operation } from "../operation/contract.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import type { ServiceShape } from "../protobuf/descriptor/methods.ts";
import { type GrpcLock, Numbers } from "../protobuf/descriptor/numbers.ts";
import { isZone, zoneForm } from "../protobuf/inside.ts";
import { lockFile } from "../protobuf/lock.ts";
import type { GrpcCors } from "./cors.ts";
import { type DeclaredOperations, lockOf, makeServices } from "./descriptors.ts";
import { numbersNotKept } from "./faults.ts";
import { type GrpcLimits, grpcLimits } from "./limits.ts";
import { GrpcListener } from "./listener.ts";
import { isServedInside, Route } from "./routes.ts";
import { OwnServices } from "./services/own-services.ts";
import type { GrpcTls } from "./tls.ts";

/** What `grpc` takes: where it listens, what it serves, and its limits. */
export interface GrpcSpec {
  /** The port, which is its own; 0 takes a free one. */
  readonly port: number;
  /** *Default*: `0.0.0.0`. */
  readonly host?: string;
  /**
   * Whether the port is for other services of the system: it serves all operations, also those without a route, to callers with a token of a service alone,
   * which `internalCalls` of `plimsoll/remote` verifies. *Default*: false.
   */
  readonly internal?: boolean;
  /**
   * Where this process runs, as `eu-1a`: callers in the same zone prefer it, as `remote(…, { zone })` says. Only with `internal`.
   * *Bounds*: 63 letters, digits, dots, hyphens and underscores. *Default*: no zone.
   */
  readonly zone?: string;
  /** Which operations it serves. *Default*: those that have an `http` route, but for those that only HTTP can carry: plain routes, uploads and raw bodies. */
  readonly serves?: (operation: Operation) => boolean;
  /**
   * The file that keeps the numbers of fields; `plimsoll contracts` and `lockNumbers` write it. Outside development, an app whose contracts have fields
   * that are not in it does not start.
   * `false` numbers fields by their order: for tests and prototypes. *Default*: `contracts.lock.json` in the working directory.
   */
  readonly lock?: string | URL | false;
  /** Whether tools such as grpcurl can ask for the descriptors. *Default*: false. */
  readonly reflection?: boolean;
  /** The certificate and key, if the port is secured here. *Default*: HTTP/2 in clear text. */
  readonly tls?: GrpcTls;
  /** Which pages may call from a browser, by gRPC-Web or Connect. *Default*: none. */
  readonly cors?: GrpcCors;
  /** *Defaults*: see `docs/guide/grpc.md`. */
  readonly limits?: Partial<GrpcLimits>;
}

/**
 * Serves operations over gRPC, on a port of its own: HTTP/2 in clear text, as callers inside one network speak it.
 * *Faults thrown* at the start: `failed_precondition` of type `port_unavailable`.
 * @example createApp({ surfaces: [http({ port: 3000 }), grpc({ port: 50051 })], … })
 */
export function grpc(spec: GrpcSpec): Surface {
  return new GrpcSurface(spec);
}

/** Numbers of fields that are kept, and in which file. */
interface KeptNumbers {
  readonly kept: GrpcLock;
  /** An absolute path. */
  readonly file: string;
  /** Where the app runs: a relative path that it has is meant from here. */
  readonly folder: string;
}

/**
 * Returns the numbers that a surface of gRPC has by those that are kept: what is new gets the next ones.
 * Undefined for other surfaces, and for one that keeps no numbers, or keeps them in another file.
 */
export function numbersOf(surface: Surface, numbers: KeptNumbers): GrpcLock | undefined {
  return surface instanceof GrpcSurface ? surface.numbersBy(numbers) : undefined;
}

class GrpcSurface implements Surface {
  readonly name = "grpc";
  readonly #spec: GrpcSpec;
  readonly #limits: GrpcLimits;
  #source: DeclaredOperations | undefined;
  #services: readonly ServiceShape[] = [];
  #numbers = new Numbers();
  #routes: ReadonlyMap<string, Route> = new Map();
  #listener: GrpcListener | undefined;
  readonly #listed: (() => void)[] = [];
  url: string | undefined;

  constructor(spec: GrpcSpec) {
    this.#spec = spec;
    const { detailBytes: _, ...defaults } = grpcLimits;
    this.#limits = { ...defaults, ...spec.limits };
  }

  compile(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
    const { serves = this.#spec.internal ? isServedInside : undefined, zone, internal = false } = this.#spec;
    if (zone !== undefined && !isZone(zone)) report("grpc", "zone", `It is "${zone}". ${zoneForm}`);
    if (zone !== undefined && !internal)
      report("grpc", "zone", "Only callers with remote() read it. Add internal: true, or take zone out.");
    this.#source = { declared, operations, serves };
    this.#numbers = new Numbers(lockOf(this.#spec.lock));
    this.#services = makeServices(this.#source, this.#numbers, (name, problem) => report(name, "grpc", problem));
    const methods = this.#services.flatMap((service) => service.methods);
    this.#routes = new Map(
      methods.map((method) => [method.path, new Route(method, operations.get(method.operation) as CompiledOperation)]),
    );
  }

  numbersBy({ kept, file, folder }: KeptNumbers): GrpcLock | undefined {
    const { lock = lockFile } = this.#spec;
    if (lock === false || this.#source === undefined) return undefined;
    if (resolve(folder, lock instanceof URL ? fileURLToPath(lock) : lock) !== file) return undefined;
    const numbers = new Numbers(kept);
    // What cannot be carried was said when the app was made.
    makeServices(this.#source, numbers, () => {});
    return numbers.lock;
  }

  async start(host: SurfaceHost): Promise<void> {
    if (this.#spec.lock !== false) this.#checkNumbers(host);
    const { tls, cors, zone, reflection: reflects = false, internal: isInside = false } = this.#spec;
    const own = new OwnServices(this.#services, { reflects, newId: () => host.runtime.ids.spanId() });
    this.#listed.push(host.stopping.on(() => own.stopping()));
    this.#listener = new GrpcListener({ host, limits: this.#limits, routes: this.#routes, own, tls, cors, isInside, zone });
    for (const line of this.#listener.lines) this.#listed.push(host.runtime.loadLines.register(line));
    this.url = await this.#listener.listen(this.#spec.port, this.#spec.host ?? "0.0.0.0");
  }

  /** A field whose number is not kept may have another one after the next change: clients would read one field as another. */
  #checkNumbers({ runtime }: SurfaceHost): void {
    const { added } = this.#numbers;
    if (added.length === 0) return;
    const fault = numbersNotKept(added, this.#spec.lock || lockFile);
    if (!runtime.options.development) throw fault;
    const ids = { requestId: "", traceId: "", spanId: "" };
    runtime.signals.logged.publish({
      ...{ level: "warn", message: fault.message, fields: { added }, at: runtime.clock.now(), operation: "plimsoll.grpc", ...ids },
    });
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  async stop(): Promise<void> {
    await this.#listener?.stop();
    for (const forget of this.#listed.splice(0)) forget();
  }
}
