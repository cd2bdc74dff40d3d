import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Server, startServer } from "../harness/server.ts";
import { countLeftovers, findLeaks } from "./heap.ts";
import { measureCapacity, sendStreams } from "./load/generator.ts";
import type { Stream, StreamResult } from "./load/stream.ts";
import type { Leftovers } from "./servers/leftovers.ts";
import type { Work } from "./work.ts";

export const contenders = ["ideal", "plimsoll", "fastify"] as const;
export type Contender = (typeof contenders)[number];

/** What the servers of a lab are started with. */
export interface LabSpec {
  readonly works: readonly Work[];
  readonly env?: Readonly<Record<string, string>>;
}

const calibrationSeconds = 1.5;
/** Of the schedule of all streams together, more than this was not kept. */
const voidRatio = 0.01;
const fileOf = (name: string) => fileURLToPath(new URL(`servers/${name}`, import.meta.url));

/** The contenders, each a process of its own, and what their operations can do. */
export class Lab implements AsyncDisposable {
  readonly servers: Readonly<Record<Contender, Server>>;
  /** Calls per second of each work, as the ideal does them. */
  readonly capacities: ReadonlyMap<string, number>;
  readonly #folder: string;
  readonly #before = new Map<Contender, Leftovers>();
  #voids: string[] = [];

  private constructor({ servers, capacities, folder }: Pick<Lab, "servers" | "capacities"> & { readonly folder: string }) {
    this.servers = servers;
    this.capacities = capacities;
    this.#folder = folder;
  }

  /** Starts the contenders, lets each of them do all of its works, and measures what these can do. */
  static async start({ works, env = {} }: LabSpec): Promise<Lab> {
    const folder = mkdtempSync(join(tmpdir(), "bench-overload-"));
    const start = (name: Contender) =>
      startServer({
        ...{ name, file: fileOf(`${name}.ts`), role: "server", nodeOptions: ["--conditions=source", "--import", fileOf("leftovers.ts")] },
        env: { ...env, WORKS: JSON.stringify(works), LEFTOVERS_SOCKET: join(folder, name) },
      });
    const [ideal, plimsoll, fastify] = await Promise.all([start("ideal"), start("plimsoll"), start("fastify")]);
    const capacities = new Map<string, number>();
    const lab = new Lab({ servers: { ideal, plimsoll, fastify }, capacities, folder });
    for (const contender of contenders.toReversed())
      for (const { name, places } of works) {
        const url = `${lab.servers[contender].url}/${name}`;
        const perSecond = await measureCapacity({ url, atOnce: places * 2, seconds: calibrationSeconds });
        capacities.set(name, perSecond);
      }
    for (const contender of contenders) lab.#before.set(contender, await countLeftovers(join(folder, contender)));
    return lab;
  }

  /** *Units*: calls per second. */
  capacityOf({ name }: Work): number {
    const capacity = this.capacities.get(name);
    if (capacity === undefined || !(capacity > 0))
      throw new Error(`The ideal server did no ${name}, so no load can be planned: run its file alone.`);
    return capacity;
  }

  /** Sends streams, and notes if their schedule was not kept. `meanwhile` begins with the first call. */
  async send(streams: readonly Stream[], meanwhile?: () => Promise<void>): Promise<readonly StreamResult[]> {
    const results = await sendStreams(streams, meanwhile);
    const sum = (count: (result: StreamResult) => number) => results.reduce((all, result) => all + count(result), 0);
    const [missed, lagged, scheduled] = [sum((one) => one.missed), sum((one) => one.lagged), sum((one) => one.scheduled)];
    // One process sends all streams: of a stream of fifty calls, one late call is not a schedule that was not kept.
    if (missed + lagged > scheduled * voidRatio)
      this.#voids.push(`${results.map(({ name }) => name).join(", ")}: ${missed} missed and ${lagged} late of ${scheduled}`);
    return results;
  }

  async one(stream: Stream, meanwhile?: () => Promise<void>): Promise<StreamResult> {
    const [result] = await this.send([stream], meanwhile);
    if (result === undefined) throw new Error(`The load of ${stream.name} reported nothing.`);
    return result;
  }

  /** Which schedules were not kept since the last time. */
  takeVoids(): readonly string[] {
    const voids = this.#voids;
    this.#voids = [];
    return voids;
  }

  /** What has outlived its request in Plimsoll, and in the others. */
  async leaks(): Promise<Readonly<Record<Contender, readonly string[]>>> {
    const of = (contender: Contender) => findLeaks(join(this.#folder, contender), this.#before.get(contender)!);
    return { ideal: await of("ideal"), plimsoll: await of("plimsoll"), fastify: await of("fastify") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.servers).map((server) => server.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
