import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { action, createApp, type Fault, module } from "plimsoll";
import { grpc, lockNumbers, protoFiles } from "plimsoll/grpc";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "grpc-lock-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const orders = (input: z.ZodObject) => [
  module("orders", {
    operations: [
      action("orders.place", {
        ...{
          summary: "Place an order",
          input,
          output: z.object({ orderId: z.string() }),
          access: "public",
          idempotent: "no",
          budget: "1s",
        },
        http: "POST /orders",
        run: async () => ({ orderId: "o-1" }),
      }),
    ],
  }),
];
const first = orders(
  z.object({ note: z.string().optional(), size: z.enum(["small", "large"]), lines: z.array(z.object({ sku: z.string() })) }),
);
const later = orders(
  z.object({ rush: z.boolean(), lines: z.array(z.object({ count: z.int(), sku: z.string() })), size: z.enum(["huge", "large"]) }),
);

describe("contracts.lock.json", () => {
  it("keeps the numbers of fields: new ones get the next, and those of what is gone stay reserved", () => {
    const lock = join(folder, "kept.json");
    writeFileSync(lock, '{ "events": { "kept": true } }');
    lockNumbers({ modules: first, lock });
    assert.deepEqual(lockNumbers({ modules: first, lock }), { added: [], removed: [] });
    const changes = lockNumbers({ modules: later, lock });
    assert.deepEqual(changes.added.toSorted(), [
      "orders.PlaceRequest.Lines.count",
      "orders.PlaceRequest.Size.huge",
      "orders.PlaceRequest.rush",
    ]);
    assert.deepEqual(changes.removed.toSorted(), ["orders.PlaceRequest.Size.small", "orders.PlaceRequest.note"]);
    const { events, grpc: kept } = JSON.parse(readFileSync(lock, "utf8"));
    assert.deepEqual(events, { kept: true }, "what other surfaces keep there stays");
    assert.deepEqual(kept["orders.PlaceRequest"], { numbers: { rush: 4, lines: 3, size: 2 }, reserved: [1] });
    assert.deepEqual(kept["orders.PlaceRequest.Lines"], { numbers: { count: 2, sku: 1 } });
    assert.deepEqual(kept["orders.PlaceRequest.Size"], { numbers: { huge: 3, large: 2 }, reserved: [1] });
    // A field that comes back is another one.
    lockNumbers({ modules: first, lock });
    const again = JSON.parse(readFileSync(lock, "utf8")).grpc["orders.PlaceRequest"];
    assert.deepEqual(again, { numbers: { note: 5, size: 2, lines: 3 }, reserved: [1, 4] });
  });

  it("is what descriptors and .proto files are numbered by", () => {
    const lock = join(folder, "proto.json");
    lockNumbers({ modules: first, lock });
    lockNumbers({ modules: later, lock });
    assert.equal(
      protoFiles({ modules: later, lock })["orders.proto"],
      `// Made from the contracts: change those, and export it again.
syntax = "proto3";

package orders;

service Orders {
  // Place an order
  rpc Place(PlaceRequest) returns (PlaceResponse);
}

message PlaceRequest {
  reserved 1;
  enum Size {
    reserved 1;
    SIZE_UNSPECIFIED = 0;
    SIZE_HUGE = 3;
    SIZE_LARGE = 2;
  }
  message Lines {
    optional int64 count = 2;
    optional string sku = 1;
  }
  optional bool rush = 4;
  repeated .orders.PlaceRequest.Lines lines = 3;
  optional .orders.PlaceRequest.Size size = 2;
}

message PlaceResponse {
  string order_id = 1;
}
`,
    );
  });

  const started = async (lock: string, development: boolean) => {
    const app = createApp({ modules: first, surfaces: [grpc({ port: 0, host: "127.0.0.1", lock })], development });
    const logged = app.signals.logged.next();
    try {
      await app.start({ keepsProcess: false });
      return (await logged).message;
    } finally {
      await app.stop();
    }
  };

  it("is needed to start, and in development its absence is said", async () => {
    const lock = join(folder, "missing.json");
    await assert.rejects(
      started(lock, false),
      (fault: Fault) => fault.type === "contract_numbers_not_kept" && /lockNumbers/.test(fault.message),
    );
    assert.match((await started(lock, true)) ?? "", /orders\.PlaceRequest\.note.*lockNumbers/);
  });

  for (const [what, text] of [
    ["is no JSON", "{"],
    ["has one number twice", '{"grpc":{"a.B":{"numbers":{"x":1,"y":1}}}}'],
    ["has a number that is none", '{"grpc":{"a.B":{"numbers":{"x":-1}}}}'],
    ["is a list", "[]"],
  ] as const)
    it(`is refused where it ${what}`, () => {
      const lock = join(folder, "bad.json");
      writeFileSync(lock, text);
      assert.throws(() => lockNumbers({ modules: first, lock }), { type: "contracts_lock_unreadable" });
      assert.equal(readFileSync(lock, "utf8"), text, "and left as it is");
    });
});
