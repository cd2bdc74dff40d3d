import type { Side, Slice } from "../../../src/load/paired/slices.ts";

/** How a simulated machine disturbs what is measured. Parts of the value, unless it says otherwise. */
export interface Noise {
  /** Of each slice, log-normal. */
  readonly slice: number;
  /** Of each process that is started: layout of memory, compiled code. */
  readonly process: number;
  /** From one slice to the next, for all sides: a machine that gets slower, or faster. */
  readonly drift: number;
  /** How often a slice is disturbed, and by how much at most. */
  readonly outliers: number;
  readonly outlier: number;
  /** Of a disturbance that lasts: how much of it is left in the next slice, and its size. */
  readonly memory: number;
  readonly lasting: number;
}

const quiet: Noise = { slice: 0.03, process: 0.01, drift: 0, outliers: 0, outlier: 0, memory: 0, lasting: 0 };

/** Machines on which the gate must hold. */
export const machines: Readonly<Record<string, Noise>> = {
  "log-normal noise": { ...quiet, slice: 0.06 },
  "processes that differ": { ...quiet, process: 0.025 },
  "a machine that gets slower": { ...quiet, drift: 0.004 },
  "a machine that gets faster": { ...quiet, drift: -0.004 },
  "outliers up to three times": { ...quiet, outliers: 0.06, outlier: 2 },
  "disturbances that last": { ...quiet, memory: 0.9, lasting: 0.04 },
  "all of it": { slice: 0.04, process: 0.015, drift: 0.001, outliers: 0.03, outlier: 1, memory: 0.8, lasting: 0.03 },
};

/** A machine with this noise. */
export function simulated(noise: Noise, random: () => number) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let [slices, lasting] = [0, 0];
  return {
    /** Three processes, of which the one after the change takes `factor` times as much. */
    round(factor: number): (side: Side) => Promise<Slice> {
      const own = { before: 0, after: Math.log(factor), again: 0 };
      for (const side of ["before", "after", "again"] as const) own[side] += noise.process * normal();
      return async (side) => {
        lasting = noise.memory * lasting + noise.lasting * normal();
        const disturbed = random() < noise.outliers ? Math.log1p(noise.outlier * random()) : 0;
        return { cpu: Math.exp(own[side] + noise.slice * normal() + noise.drift * slices++ + lasting + disturbed) };
      };
    },
  };
}
