import { hold, type Phase } from "../../src/load/index.ts";
import type { Server } from "../harness/server.ts";
import type { Stream, StreamResult } from "./load.ts";
import { type Row, rowOf, type Send } from "./row.ts";
import { type Work, works } from "./work.ts";

interface Contenders {
  readonly ideal: Server;
  readonly plimsoll: Server;
  readonly send: Send;
}

/** One load, and what is reported of it. */
export interface Scenario {
  readonly name: string;
  run(contenders: Contenders): Promise<readonly Row[]>;
}

const connections = 256;
const connectionsOfTenant = 24;
const warmUpMs = 300;

interface Load {
  readonly phases: readonly Phase[];
  readonly path?: string;
  readonly tenant?: string;
  readonly seed?: number;
}

function streamTo(server: Server, { name, deadlineMs }: Work, { phases, path = name, tenant, seed = 1 }: Load): Stream {
  return {
    ...{ name: tenant ?? path, url: `${server.url}/${path}`, phases, deadlineMs, warmUpMs, seed },
    connections: tenant === undefined || tenant === "noisy" ? connections : connectionsOfTenant,
    ...(tenant !== undefined && { headers: { authorization: `Bearer ${tenant}` } }),
  };
}

/** So many times the capacity, all the time. */
export function ramp(work: Work, times: number, seconds: number): Scenario {
  const name = `${work.name} ${times}x`;
  return {
    name,
    run: async ({ ideal, plimsoll, send }) => {
      const phases = [hold(work.capacity * times, seconds + warmUpMs / 1_000)];
      const best = await one(send, ideal, streamTo(ideal, work, { phases }));
      const ours = await one(send, plimsoll, streamTo(plimsoll, work, { phases }));
      const { deadlineMs } = work;
      const shown = ({ goodput, p99Ms }: StreamResult, contender: string) =>
        rowOf({
          ...{ name: contender, scenario: name, goodputRatio: goodput / best.goodput, admittedP99Ms: p99Ms, deadlineMs },
          ...{ criticalRefused: 0, recoveryMs: 0, goodput: Math.round(goodput) },
        });
      return [shown(best, "ideal"), shown(ours, "plimsoll")];
    },
  };
}

/** From less than the capacity to five times as much and back. */
export function stepAndBack(work: Work, seconds: number): Scenario {
  const name = `${work.name} step`;
  return {
    name,
    run: async ({ plimsoll, send }) => {
      const calm = work.capacity * 0.7;
      const before = 1;
      const result = await one(
        send,
        plimsoll,
        streamTo(plimsoll, work, { phases: [hold(calm, before), hold(work.capacity * 5, seconds), hold(calm, 2.5)] }),
      );
      const endMs = (before + seconds) * 1_000;
      const after = result.windows.filter(({ fromMs }) => fromMs >= endMs);
      const bad = after.findLast(({ refused, late }) => refused + late > 0);
      const good = after.reduce((sum, { ok }) => sum + ok, 0) / (calm * 2.5);
      return [
        rowOf({
          ...{ name: "plimsoll", scenario: name, goodputRatio: good, admittedP99Ms: result.p99Ms, deadlineMs: work.deadlineMs },
          ...{ criticalRefused: 0, recoveryMs: bad === undefined ? 0 : bad.fromMs + 100 - endMs },
        }),
      ];
    },
  };
}

/** Five times the capacity of what may be shed, under critical load of four fifths. */
export function flood(seconds: number): Scenario {
  const work = works[0] as Work;
  return {
    name: "flood",
    run: async ({ plimsoll, send }) => {
      const wait = seconds + warmUpMs / 1_000;
      const critical = streamTo(plimsoll, work, { phases: [hold(work.capacity * 0.8, wait)], path: "cpu-critical" });
      const [alone] = (await send(plimsoll, [critical])) as [StreamResult];
      const [kept] = (await send(plimsoll, [
        critical,
        streamTo(plimsoll, work, { phases: [hold(work.capacity * 5, wait)], path: "cpu-sheddable", seed: 2 }),
      ])) as [StreamResult];
      return [
        rowOf({
          ...{ name: "plimsoll", scenario: "flood", goodputRatio: kept.goodput / alone.goodput, admittedP99Ms: kept.p99Ms },
          ...{ deadlineMs: work.deadlineMs, criticalRefused: kept.refused, recoveryMs: 0 },
        }),
      ];
    },
  };
}

const tenants = 9;

/** Ten tenants with a part of the capacity each, of which one sends a hundred times as much. */
export function noisyTenant(work: Work, seconds: number): Scenario {
  const name = `${work.name} noisy`;
  return {
    name,
    run: async ({ plimsoll, send }) => {
      const phases = [hold((work.capacity * 0.6) / tenants, seconds + warmUpMs / 1_000)];
      const noisy = [hold(work.capacity * 6, seconds + warmUpMs / 1_000)];
      const quiet = Array.from({ length: tenants }, (_, n) => streamTo(plimsoll, work, { phases, tenant: `t${n}`, seed: n + 1 }));
      const alone = await send(plimsoll, quiet);
      const beside = await send(plimsoll, [...quiet, streamTo(plimsoll, work, { phases: noisy, tenant: "noisy", seed: 99 })]);
      const of = (results: readonly StreamResult[]) => results.slice(0, tenants).reduce((sum, { goodput }) => sum + goodput, 0);
      const p99 = Math.max(...beside.slice(0, tenants).map(({ p99Ms }) => p99Ms));
      return [
        rowOf({
          ...{ name: "plimsoll", scenario: name, goodputRatio: of(beside) / of(alone), admittedP99Ms: p99, deadlineMs: work.deadlineMs },
          ...{ criticalRefused: 0, recoveryMs: 0 },
        }),
      ];
    },
  };
}

async function one(send: Send, server: Server, stream: Stream): Promise<StreamResult> {
  const [result] = await send(server, [stream]);
  if (result === undefined) throw new Error(`The load of ${stream.name} reported nothing.`);
  if (result.isVoid) process.stderr.write(`${stream.name}: the generator missed more than 1% of its schedule; the run says nothing\n`);
  return result;
}
