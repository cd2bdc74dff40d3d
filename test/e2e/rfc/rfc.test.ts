// Raw requests by the sections of their RFCs: what is answered, whether the connection stays in step, and that what a smuggler hides never runs.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "../http/app.ts";
import { Wire, type WireResponse } from "../http/client.ts";
import { secureWire, server } from "../tls/secure.ts";
import { hidden, type RfcCase } from "./case.ts";
import { framing } from "./framing.ts";
import { semantics } from "./semantics.ts";
import { syntax } from "./syntax.ts";

const cases: readonly RfcCase[] = [...syntax, ...framing, ...semantics];
let ran: string[] = [];
const echo = action("t.echo", {
  ...{ input: z.object({ id: z.string() }), output: z.object({ id: z.string() }), access: "public", idempotent: "no" },
  ...{ budget: "5s", http: "POST /echo/{id}" },
  run: async ({ id }) => {
    ran.push(id);
    return { id };
  },
});
/** Served after a case where its connection stays in step. */
const probe = "POST /echo/probe HTTP/1.1\r\nhost: test\r\n\r\n";

it("there are at least 150 cases, each with a name of its own", () => {
  const names = cases.map(({ section, name }) => `${section} ${name}`);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
  assert.ok(names.length >= 150, `${names.length}`);
});

for (const [transport, open, tls] of [
  ["over TCP", (port: number) => Wire.open(port), undefined],
  ["over TLS", (port: number) => secureWire(port), { cert: server.cert, key: server.key }],
] as const)
  describe(`requests ${transport}`, () => {
    let served: Served;
    before(async () => {
      served = await serve([echo], { http: { documents: true, ...(tls && { tls }) } });
    });
    after(() => served[Symbol.asyncDispose]());

    for (const one of cases) it(`${one.section}: ${one.name}`, async () => check(one, await open(served.port)));
  });

async function check({ send, gives, leaves, runs, name }: RfcCase, wire: Wire): Promise<void> {
  ran = [];
  try {
    wire.send(Buffer.from(send, "latin1"));
    if (name.includes("breaks off")) wire.socket.end();
    const statuses: number[] = [];
    const take = async () => {
      const response: WireResponse | undefined = await wire.next({ head: send.startsWith("HEAD") });
      if (response !== undefined) statuses.push(response.status);
      return response;
    };
    // Of what is left open, only as much is read as is awaited; of what closes, all.
    while (statuses.length < gives.length + (leaves === "closed" ? 1 : 0)) if ((await take()) === undefined) break;
    const isAsGiven = statuses.length === gives.length && statuses.every((status, at) => [gives[at]].flat().includes(status));
    assert.ok(isAsGiven, `it gives ${statuses.join()} in place of ${gives.join()}`);
    const usual = gives[0] === 200 ? ["a"] : [];
    if (runs !== undefined || !send.includes("%")) assert.deepEqual(ran, runs ?? usual);
    if (leaves === "closed") return assert.equal(await wire.ended, "end");
    ran = [];
    const after = await wire.ask(probe);
    assert.deepEqual([after.status, after.json, ran], [200, { id: "probe" }, ["probe"]]);
  } finally {
    wire.close();
    assert.ok(send.includes(hidden) === false || runs?.includes("hidden") === true || !ran.includes("hidden"), "what was hidden has run");
  }
}
