import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { module, saga } from "plimsoll";
import { z } from "zod";
import { compareContracts } from "../../src/contracts/compare.ts";
import { describeContracts } from "../../src/contracts/describe.ts";
import type { Signals } from "../../src/operation/durable/start.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";

// Every change of a signal is found: those that refuse what is sent or stored, and the others as harmless.

const lock = (signals: Signals | undefined) => {
  const sagas =
    signals === undefined ? [] : [saga("shop.checkout", { input: z.object({}), budget: "1h", signals, run: async () => undefined })];
  return describeContracts(buildRegistry([module("shop", { operations: sagas })]));
};
const Approval = z.object({ by: z.string(), note: z.string().optional() });
const before: Signals = { approved: Approval, stopped: z.null() };

describe("the signals of sagas in the contracts", () => {
  it("are described by saga and name, with what others send", () => {
    assert.deepEqual(Object.keys(lock(before).signals?.["shop.checkout"] ?? {}), ["approved", "stopped"]);
    const once = lock({ approved: Approval.transform(({ by }) => by.length) }).signals?.["shop.checkout"]?.approved;
    assert.deepEqual(once, lock({ approved: Approval }).signals?.["shop.checkout"]?.approved, "what the body gets is no contract");
    assert.deepEqual(lock({}).signals, {});
  });

  const rows: readonly (readonly [string, Signals | undefined, readonly string[]])[] = [
    ["nothing changes", before, []],
    ["the saga is gone", undefined, ["break signal_removed shop.checkout approved", "break signal_removed shop.checkout stopped"]],
    ["a signal is gone", { approved: Approval }, ["break signal_removed shop.checkout stopped"]],
    [
      "a signal is renamed",
      { agreed: Approval, stopped: z.null() },
      ["break signal_removed shop.checkout approved", "harmless signal_added shop.checkout agreed"],
    ],
    [
      "a field is needed",
      { ...before, approved: Approval.extend({ at: z.string() }) },
      ["break signal_field_required shop.checkout approved.at"],
    ],
    [
      "a field has another type",
      { ...before, approved: Approval.extend({ by: z.int() }) },
      ["break signal_narrowed shop.checkout approved.by", "harmless signal_widened shop.checkout approved.by"],
    ],
    [
      "a field is optional",
      { ...before, approved: Approval.extend({ at: z.string().optional() }) },
      ["harmless signal_field_added shop.checkout approved.at"],
    ],
    ["a signal is new", { ...before, paused: z.null() }, ["harmless signal_added shop.checkout paused"]],
  ];
  for (const [what, after, finds] of rows)
    it(`are compared where ${what}`, () => {
      const changes = compareContracts(lock(before), lock(after), { today: "2026-01-01" });
      const found = changes.filter(({ part }) => part === "signals").map(({ severity, rule, where }) => `${severity} ${rule} ${where}`);
      assert.deepEqual(found.toSorted(), finds);
      for (const { severity, message, affects, fix } of changes)
        assert.ok(message !== "" && (severity === "harmless" || (affects !== "" && fix !== "")));
    });
});
