import assert from "node:assert/strict";
import { it } from "node:test";
import { dns, remote } from "plimsoll/remote";
import { Addresses } from "../../../src/remote/connection/addresses.ts";
import { catalog } from "./inside-operations.ts";
import { keys } from "./two-apps.ts";

it("DNS gives all addresses of a name, with the scheme and the port of the url", async () => {
  const resolve = async () => ["10.0.0.1", "fd00::7"];
  assert.deepEqual(await dns("http://orders.internal:50051", { resolve }).find(), ["http://10.0.0.1:50051", "http://[fd00::7]:50051"]);
  assert.equal(dns("http://orders.internal", { every: "2s" }).everyMs, 2_000);
});

it("what is found is known until another answer comes; a failure changes nothing", async () => {
  const answers: (readonly string[] | Error)[] = [
    ["http://127.0.0.1:1"],
    new Error("no DNS"),
    [],
    ["http://127.0.0.1:2", "http://127.0.0.1:3"],
  ];
  const seen: (readonly string[])[] = [];
  const found = Promise.withResolvers<void>();
  const addresses = new Addresses(
    {
      everyMs: 100,
      find: async () => {
        seen.push(addresses.all.map(({ address }) => address));
        const next = answers.shift();
        if (next === undefined) found.resolve();
        if (next instanceof Error) throw next;
        return next ?? [];
      },
    },
    { connectMs: 50, tls: undefined },
    { monotonic: () => 0, random: () => 0 },
  );
  await addresses.start();
  await found.promise;
  addresses.close();
  const [one, two, three] = [1, 2, 3].map((port) => `http://127.0.0.1:${port}`);
  assert.deepEqual(seen, [[], [one], [one], [one], [two, three]]);
});

for (const [name, options] of [
  ["neither url nor discovery", {}],
  ["both", { url: "http://a:1", discovery: dns("http://a:1") }],
  ["a url that is none", { url: "orders:50051" }],
  ["a url with a path", { url: "http://a:1/x" }],
  ["no urls", { url: [] }],
  ["no calls", { url: "http://a:1", concurrency: 0 }],
  ["retries without end", { url: "http://a:1", retries: 1_000 }],
  ["a zone that is none", { url: "http://a:1", zone: "here and there" }],
  ["no time to connect", { url: "http://a:1", connectTimeout: 0 }],
] as const)
  it(`remote refuses ${name}`, () =>
    assert.throws(() => remote(catalog, { keys, lock: false, ...options }), { type: "remote_options_invalid" }));
