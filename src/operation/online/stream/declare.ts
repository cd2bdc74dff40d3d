import type { AnySchema, Schema } from "../../../core/schema/standard.ts";
import type { OperationKind } from "../../kind.ts";
import { receivesOf } from "./receives.ts";
import { type AnyStream, streamOf } from "./spec.ts";

interface Declared {
  readonly input: AnySchema;
  readonly output?: AnySchema;
  readonly stream?: unknown;
  readonly receives?: unknown;
  readonly faults?: readonly unknown[];
  readonly uses?: object;
}

/** Makes the contract of an operation that returns an output or a stream. */
export function declareOnline(kind: OperationKind, name: string, spec: Declared): object {
  const { input, output, faults = [], uses = {} } = spec;
  const stream = spec.stream as AnyStream | undefined;
  const streamed = { item: itemOf(stream as AnyStream), ...(spec.receives !== undefined && { message: messageOf(spec.receives) }) };
  return { kind, name, input, ...(stream === undefined ? { output } : streamed), faults, uses, spec };
}

function messageOf(receives: unknown): unknown {
  return typeof receives === "object" && receives !== null ? receivesOf(receives as Schema).message : undefined;
}

/** Whatever stands there: the start of the app reports what is no stream. */
function itemOf(stream: AnyStream): unknown {
  return typeof stream === "object" && stream !== null ? streamOf(stream).item : undefined;
}
