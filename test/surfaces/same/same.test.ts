import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Actor, authenticator, badCredential, createApp, module } from "plimsoll";
import type { Operation } from "plimsoll/ports";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import type { Execution } from "../../../src/operation/execution.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import type { Answer, Asks } from "./asks.ts";
import { byClient } from "./client.ts";
import { overGraphql } from "./graphql.ts";
import { overGrpc } from "./grpc.ts";
import { overMcp } from "./mcp.ts";
import { sameOperations, type Word } from "./operations.ts";
import { ofRemote } from "./remote.ts";
import { rest } from "./rest.ts";
import { signalOf, unmeasured } from "./signals.ts";
import { type Row, table } from "./table.ts";

/** The surfaces that are compared with REST. */
const others: readonly Asks[] = [overGraphql, overGrpc, overMcp, byClient, ofRemote];

const actors: Readonly<Record<string, Actor>> = {
  ann: { id: "ann", kind: "user", roles: ["clerk"], tenant: "t-1", claims: {} },
  bob: { id: "bob", kind: "user", roles: [], tenant: "t-1", claims: {} },
  service: { id: "service", kind: "service", roles: ["service"], tenant: undefined, claims: {} },
};
const authentication = authenticator({
  authenticate: (token) => (Object.hasOwn(actors, token) ? actors[token]! : badCredential("It is unknown.")),
});

/** What one surface made of a row. */
interface Seen {
  readonly answers: readonly (Answer | "left")[];
  readonly signals: readonly object[];
}

async function see(asks: Asks, row: Row): Promise<Seen> {
  const same = sameOperations();
  const signals: object[] = [];
  const database = new MemoryDatabase();
  const spec: AppSpec = {
    modules: [module("same", { operations: Object.values(same.operations) as Operation[] })],
    ...{
      surfaces: asks.surfaces(),
      database: { open: () => database },
      authentication,
      rateLimit: { perSecond: 0 },
      development: false,
      permissions: { clerk: ["same.do"] },
    },
    ...row.spec,
  };
  const app = createApp(asks.behind?.(spec) ?? spec);
  const behind = new Map<string, object>();
  const seen = (execution: Execution) => void (asks.carries?.(execution) !== true && signals.push(signalOf(execution)));
  app.signals.executed.on((execution) => (asks.front ? void behind.set(execution.requestId, signalOf(execution)) : seen(execution)));
  await app.start({ keepsProcess: false });
  const front = await asks.front?.(app, spec);
  // What the app in front refuses does not get behind it; what runs there is done there, within what is left.
  front?.signals.executed.on((execution) => {
    const { upstreamMs: _, ...own } = signalOf(execution);
    const there = execution.outcome === "deadline_exceeded" ? undefined : behind.get(execution.requestId);
    signals.push(there === undefined ? own : { ...there, deadlineMs: own.deadlineMs });
  });
  try {
    const ask = (word: Word, call = {}) => asks.ask(front ?? app, { operation: same.operations[word], input: { text: "a" }, ...call });
    const answers = await row.run({ ...same, ask });
    // Over a network the service notices later that its caller has left.
    if (answers.includes("left")) while (signals.length < answers.length) await (front ?? app).signals.executed.next();
    return { answers: answers.map((answer) => unmeasured(answer) as Answer), signals };
  } finally {
    same.release();
    await front?.stop();
    await app.stop();
  }
}

const codeOf = (answer: Answer | "left"): string => (answer === "left" ? answer : answer.code);

const ofRest = new Map<Row, Promise<Seen>>();

describe("the same rules on every surface", () => {
  for (const row of table)
    it(`rest: ${row.name}`, async () => {
      const seen = see(rest, row);
      ofRest.set(row, seen);
      const { answers, signals } = await seen;
      assert.deepEqual(answers.map(codeOf), row.codes);
      assert.equal(signals.length, row.codes.length);
    });
  for (const asks of others)
    for (const row of table)
      it(`${asks.name}: ${row.name}`, { skip: asks.apart?.[row.name] ?? false }, async () => {
        const [expected, seen] = [await ofRest.get(row)!, await see(asks, row)];
        assert.deepEqual(seen.answers, expected.answers);
        assert.deepEqual(seen.signals, expected.signals);
      });
});

it("what every surface leaves out is named", () => {
  const names = new Set(table.map(({ name }) => name));
  for (const { apart = {} } of others) for (const name of Object.keys(apart)) assert(names.has(name), `no row has the name "${name}"`);
});
