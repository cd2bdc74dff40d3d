// Systems that the prediction is held against: none of them was used to choose anything in the model.
import type { OperationDemand, StationKind, SystemShape } from "../../src/capacity/model/system.ts";
import type { Simulated, Spread } from "./simulator.ts";

/** A system and the station that holds its load line. */
export interface Configuration extends Simulated {
  readonly name: string;
  readonly bottleneck: StationKind;
}

const demand = (given: Partial<OperationDemand>): OperationDemand => ({
  ...{ name: "request", share: 1, loopMs: 1, heldLoopMs: 0.2, databaseMs: 0.5, heldMs: 1, upstreams: {} },
  ...{ slots: 64, queue: 128, deadlineMs: 250, variation: 1, ...given },
});
const shape = (given: Partial<SystemShape>): SystemShape => ({ replicas: 1, pool: 16, databaseCores: 4, upstreams: {}, ...given });

interface Given {
  readonly bottleneck: StationKind;
  readonly spread?: Spread;
  readonly statements?: number;
  readonly shape?: Partial<SystemShape>;
  readonly operations: readonly Partial<OperationDemand>[];
}

const configuration = (
  name: string,
  { bottleneck, spread = "exponential", statements = 1, shape: of = {}, operations }: Given,
): Configuration => ({
  ...{ name, bottleneck, spread, statements },
  shape: shape(of),
  operations: operations.map(demand),
});

/** Each station is the bottleneck at least twice. */
export const configurations: readonly Configuration[] = [
  configuration("handlers that compute", { bottleneck: "loop", operations: [{ loopMs: 3 }] }),
  configuration("two operations that compute, of fixed length", {
    bottleneck: "loop",
    spread: "fixed",
    operations: [
      { name: "list", share: 0.7, loopMs: 1.5 },
      { name: "report", share: 0.3, loopMs: 4, deadlineMs: 400 },
    ],
  }),
  configuration("many statements in a loop that is busy", {
    bottleneck: "loop",
    spread: "erlang",
    statements: 4,
    operations: [{ loopMs: 1, heldLoopMs: 1.2 }],
  }),
  configuration("a pool that is far away from its server", {
    bottleneck: "pool",
    shape: { pool: 4 },
    operations: [{ heldMs: 12, loopMs: 0.6 }],
  }),
  configuration("transactions that wait for locks", {
    bottleneck: "pool",
    spread: "heavy",
    statements: 3,
    shape: { pool: 8, replicas: 2 },
    operations: [{ heldMs: 20, loopMs: 0.5, deadlineMs: 600 }],
  }),
  configuration("few slots around a slow call", {
    bottleneck: "slots",
    operations: [{ slots: 6, queue: 30, heldMs: 4, upstreams: { pay: 20 } }],
  }),
  configuration("slots of one operation of two", {
    bottleneck: "slots",
    spread: "erlang",
    operations: [
      { name: "browse", share: 0.6, loopMs: 0.6 },
      { name: "export", share: 0.4, slots: 5, queue: 20, upstreams: { files: 30 }, loopMs: 0.4, deadlineMs: 500 },
    ],
  }),
  configuration("an upstream with few connections", {
    bottleneck: "upstream",
    shape: { upstreams: { pay: 8 } },
    operations: [{ upstreams: { pay: 40 }, deadlineMs: 500 }],
  }),
  configuration("an upstream of fixed length that half of them call", {
    bottleneck: "upstream",
    spread: "fixed",
    shape: { upstreams: { tax: 4 } },
    operations: [
      { name: "quote", share: 0.5, upstreams: { tax: 25 }, deadlineMs: 400 },
      { name: "look", share: 0.5, loopMs: 0.5 },
    ],
  }),
  configuration("a server of one processor", {
    bottleneck: "postgres",
    shape: { databaseCores: 1 },
    operations: [{ databaseMs: 4, heldMs: 1 }],
  }),
  configuration("four processes with one server", {
    bottleneck: "postgres",
    spread: "erlang",
    statements: 2,
    shape: { databaseCores: 2, replicas: 4 },
    operations: [{ databaseMs: 3, heldMs: 1.5, loopMs: 1.5 }],
  }),
  configuration("statements of very different length", {
    bottleneck: "postgres",
    spread: "heavy",
    shape: { databaseCores: 4, pool: 32 },
    operations: [
      { name: "read", share: 0.8, databaseMs: 5, loopMs: 0.4, heldLoopMs: 0.1, deadlineMs: 400 },
      { name: "write", share: 0.2, databaseMs: 12, loopMs: 0.5, heldLoopMs: 0.1, deadlineMs: 400 },
    ],
  }),
  configuration("little of everything, tight deadlines", {
    bottleneck: "loop",
    operations: [{ loopMs: 2, heldLoopMs: 0.5, databaseMs: 2, heldMs: 2, deadlineMs: 60 }],
    shape: { databaseCores: 8 },
  }),
  configuration("a pool and a server that are nearly as scarce", {
    bottleneck: "pool",
    shape: { pool: 6, databaseCores: 4 },
    operations: [{ databaseMs: 2, heldMs: 3, loopMs: 0.3, heldLoopMs: 0.1 }],
  }),
];
