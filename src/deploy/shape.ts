import { Fault } from "../core/fault.ts";
import type { DeployedRoute } from "./routes.ts";

/** A number of a deployment, with the sentence that says what it follows from. */
export interface Sourced {
  readonly value: number;
  readonly from: string;
}

/** Processes of one role. */
export interface RoleShape {
  /** `serve` takes requests, `worker` does durable work, `all` does both. */
  readonly role: "serve" | "worker" | "all";
  /** How many there are at least. */
  readonly replicas: Sourced;
  /** How many there may be under load. */
  readonly most: Sourced;
  /** *Units*: MiB of the container. */
  readonly memoryMb: Sourced;
  /** Connections to PostgreSQL of one process, those beside the pool included. */
  readonly connections: Sourced;
}

/** How a new version takes the place of the old one. */
export type Strategy = "rolling" | "canary" | "blue-green";

/** A service mesh whose policies are written. */
export type Mesh = "istio";

/** All that a deployment is written from. */
export interface DeploymentShape {
  /** In lower case, as Kubernetes names things. */
  readonly name: string;
  readonly version: string;
  /** Without a tag. */
  readonly image: string;
  /** The program, as in `src/main.ts`. */
  readonly entry: string;
  readonly port: number;
  readonly opsPort: number;
  readonly roles: readonly RoleShape[];
  /** The longest deadline of what a request may start. *Units*: milliseconds. */
  readonly longestDeadlineMs: Sourced;
  /** How long the ports stay open after readiness fails. *Units*: milliseconds. */
  readonly shutdownDelayMs: Sourced;
  /** How long running work may take to finish. *Units*: milliseconds. */
  readonly shutdownMs: Sourced;
  /** What the server of PostgreSQL allows. */
  readonly maxConnections: Sourced;
  /** The name under which callers reach it; undefined where only the cluster does. */
  readonly host: string | undefined;
  readonly usesRedis: boolean;
  readonly strategy: Strategy;
  /** The service mesh that the cluster has. */
  readonly mesh: Mesh | undefined;
  /** What the app says of its routes; none where no app was read. */
  readonly routes: readonly DeployedRoute[];
}

/** What the user says of a deployment; the rest has defaults, each with its reason. */
export interface DeploymentOptions {
  readonly name: string;
  readonly version?: string;
  readonly image?: string;
  readonly entry?: string;
  readonly port?: number;
  readonly opsPort?: number;
  /** Whether durable work has processes of its own. *Default*: no. */
  readonly worker?: boolean;
  readonly replicas?: number;
  readonly most?: number;
  readonly memoryMb?: number;
  /** Of `postgres({ connections })`. */
  readonly pool?: number;
  readonly longestDeadlineMs?: number;
  readonly shutdownDelayMs?: number;
  readonly shutdownMs?: number;
  readonly maxConnections?: number;
  readonly host?: string;
  readonly redis?: boolean;
  readonly strategy?: string;
  /** The service mesh of the cluster: `istio`. *Default*: none. */
  readonly mesh?: string;
  readonly routes?: readonly DeployedRoute[];
  /** What a capacity plan says, for numbers that the user does not; each with the formula that it comes from. */
  readonly planned?: PlannedNumbers;
  /** What the app declares, which counts before what was planned. */
  readonly declared?: PlannedNumbers;
}

/** The numbers of a deployment that a capacity plan or the app itself has. */
export interface PlannedNumbers {
  readonly replicas?: Sourced;
  readonly memoryMb?: Sourced;
  readonly pool?: Sourced;
  readonly longestDeadlineMs?: Sourced;
  readonly shutdownDelayMs?: Sourced;
  readonly shutdownMs?: Sourced;
}

const strategies: readonly string[] = ["rolling", "canary", "blue-green"];
const nameForm = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** Beside its pool a process listens for notifications, and leads or locks on a connection of its own. */
const besidePool = 2;

/**
 * Completes what the user said with defaults that say their reason.
 * *Faults thrown*: `invalid_argument` of type `deployment_invalid`, with what to write instead.
 */
export function shapeOf(options: DeploymentOptions): DeploymentShape {
  const { name, strategy = "rolling" } = options;
  if (!nameForm.test(name))
    throw invalid(`"${name}" cannot name things in Kubernetes. Use up to 40 of a-z, 0-9 and -, beginning with a letter.`);
  if (!strategies.includes(strategy)) throw invalid(refusalOf(strategy));
  if (options.mesh !== undefined && options.mesh !== "istio")
    throw invalid(`There are no policies for a mesh "${options.mesh}". Use istio, or leave it out.`);
  const planned: PlannedNumbers = { ...options.planned, ...options.declared };
  const said = (value: number | undefined, usual: number, from: string): Sourced =>
    value === undefined ? { value: usual, from } : { value, from: "as you said" };
  const chosen = (name: keyof PlannedNumbers, usual: number, from: string): Sourced =>
    said(options[name], planned[name]?.value ?? usual, planned[name]?.from ?? from);
  const pool = chosen("pool", 16, "the default of postgres({ connections })");
  const replicas = chosen("replicas", 3, "three, so that two are left while one is replaced or its zone is away");
  const role: Omit<RoleShape, "role"> = {
    replicas,
    most: said(options.most, replicas.value * 3, "three times as many as usual, for a peak of three times the load"),
    memoryMb: chosen("memoryMb", 512, "a heap of 384 MiB, and a quarter beside it"),
    connections: { value: pool.value + besidePool, from: `a pool of ${pool.value} (${pool.from}) and ${besidePool} beside it` },
  };
  const roles: readonly RoleShape[] = options.worker
    ? [
        { ...role, role: "serve" },
        { ...role, role: "worker", replicas: { value: 2, from: "two, so that work continues while one is replaced" } },
      ]
    : [{ ...role, role: "all" }];
  for (const [what, { value }] of Object.entries(role))
    if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${what} is ${value}. Use a whole number from 1.`);
  if (role.most.value < replicas.value)
    throw invalid(`most (${role.most.value}) is below replicas (${replicas.value}). Use the same number or more.`);
  return {
    ...{ name, strategy: strategy as Strategy, roles, mesh: options.mesh as Mesh | undefined, routes: options.routes ?? [] },
    ...{ version: options.version ?? "0.1.0", image: options.image ?? `registry.example/${name}`, entry: options.entry ?? "src/main.ts" },
    ...{ port: options.port ?? 3_000, opsPort: options.opsPort ?? 9_464, host: options.host, usesRedis: options.redis ?? false },
    longestDeadlineMs: chosen("longestDeadlineMs", 30_000, "no operation was read; 30 s is what most have at the most"),
    shutdownDelayMs: chosen("shutdownDelayMs", 10_000, "routers take a few seconds to see that a replica leaves"),
    shutdownMs: chosen("shutdownMs", 30_000, "the default of createApp({ shutdown })"),
    maxConnections: said(options.maxConnections, 100, "the default of max_connections of PostgreSQL"),
  };
}

function refusalOf(strategy: string): string {
  if (strategy === "operator")
    return (
      'There is no strategy "operator": an operator of Kubernetes is a program of its own with the rights to change the cluster, and all that it would do here ' +
      "(ordered migrations, a canary, a way back) are a Job and steps of the pipeline. Use rolling, canary or blue-green."
    );
  return `There is no strategy "${strategy}". Use rolling, canary or blue-green.`;
}

function invalid(message: string): Fault {
  return new Fault({ code: "invalid_argument", type: "deployment_invalid", message });
}

/** How long Kubernetes waits after SIGTERM before it kills: the delay, the work that finishes, and a moment to close. *Units*: seconds. */
export function graceSeconds({ shutdownDelayMs, shutdownMs }: Pick<DeploymentShape, "shutdownDelayMs" | "shutdownMs">): number {
  return Math.ceil((shutdownDelayMs.value + shutdownMs.value) / 1_000) + 5;
}

/** The heap of a process in a container. *Units*: MiB, three quarters of the memory. */
export function heapMb({ memoryMb }: RoleShape): number {
  return Math.floor(memoryMb.value * 0.75);
}

/** Connections to PostgreSQL when every role runs as many processes as it may, one more of each while it is replaced, and the migrations beside them. */
export function connectionsAtMost({ roles, strategy }: Pick<DeploymentShape, "roles" | "strategy">): number {
  const copies = strategy === "blue-green" ? 2 : 1;
  return roles.reduce((sum, { most, connections }) => sum + (most.value * copies + 1) * connections.value, 2);
}
