import assert from "node:assert/strict";
import { compileSchema } from "../../src/core/schema.ts";
import { Codec } from "../../src/protobuf/codec/codec.ts";
import { messageOf } from "../../src/protobuf/descriptor/build.ts";
import { Numbers } from "../../src/protobuf/descriptor/numbers.ts";
import { median, round } from "../harness/rounds.ts";
import { order, sample } from "./message.ts";
import { requestType } from "./protobufjs.ts";

const { inputJson } = compileSchema(order, "input", "request");
const codec = new Codec(messageOf(inputJson, { name: "EchoRequest", parent: "orders", numbers: new Numbers(), sent: "by a caller" }));
const theirs = requestType.fromObject({ ...sample, currency: "CURRENCY_EUR" });
const bytes = codec.encode(sample);

const ways = {
  ours: { encode: () => codec.encode(sample), decode: () => codec.decode(bytes) },
  protobufjs: { encode: () => requestType.encode(theirs).finish(), decode: () => requestType.decode(bytes) },
} as const;

/** Writes and reads one message so often with both, in turns. *Units*: microseconds of one message. */
export function measureCodecs(times: number) {
  assert.deepEqual(Buffer.from(ways.protobufjs.encode()), bytes, "both write the same bytes");
  const figures: Record<string, number> = {};
  for (const what of ["encode", "decode"] as const) {
    const took: Record<keyof typeof ways, number[]> = { ours: [], protobufjs: [] };
    for (let turn = 0; turn < 7; turn++)
      for (const name of ["ours", "protobufjs"] as const) took[name].push(measure(ways[name][what], times));
    figures[`${what}Us`] = round(median(took.ours));
    figures[`${what}VsProtobufjs`] = round(median(took.protobufjs.map((theirUs, at) => theirUs / (took.ours[at] ?? Number.NaN))));
  }
  return figures;
}

function measure(run: () => unknown, times: number): number {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) run();
  return ((performance.now() - startedAt) * 1_000) / times;
}
