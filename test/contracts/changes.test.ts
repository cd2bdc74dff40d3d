// Every change of a contract is found, by name: those that break a caller or a reader, with whom and what to do instead, and the others as harmless.
import assert from "node:assert/strict";
import { it } from "node:test";
import { compareContracts } from "../../src/contracts/compare.ts";
import { breaks } from "./breaks.ts";
import { harmless } from "./harmless.ts";
import { findsBreaks, findsNoBreaks } from "./judge.ts";
import type { Row } from "./planted.ts";
import { describeSample } from "./sample.ts";

const today = "2026-12-01";

const compared = ({ from = {}, to }: Row) => compareContracts(describeSample(from), describeSample(to), { today });

findsBreaks({ title: "a break is found, with whom it breaks and what to do", rows: breaks, compared });
findsNoBreaks({ title: "a harmless change breaks no caller", rows: harmless, compared });

it("the tables have what the gate promises", () => {
  assert.ok(breaks.length >= 40 && harmless.length >= 40, `${breaks.length} breaks, ${harmless.length} harmless changes`);
  const names = [...breaks, ...harmless].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

it("a part that was not kept is not compared", () => {
  const { grpc: _, ...without } = describeSample();
  assert.deepEqual(compareContracts(without as typeof without & { lockVersion: 1 }, describeSample(), { today }), []);
});
