import type { z } from "zod";
import type { JsonSchema, StandardResult } from "../standard.ts";
import type { ZodPayload } from "../zod.ts";

/** A schema of Zod whose values are not JSON, such as the bytes of a body. */
export type OpaqueSchema<T> = z.core.$ZodType<T, T>;

/** What is known of values that are not JSON. */
export interface OpaqueSpec {
  /** Describes them, with `x-bytes` in it: how they come. */
  readonly document: JsonSchema & { readonly "x-bytes": string };
  /** Returns what is wrong with a value. */
  readonly problemOf: (value: unknown) => string | undefined;
}

/**
 * Makes a schema of values that are not JSON. It can be a field of an object of Zod, and be optional there. Zod is not loaded for it: it has the few members
 * that Zod's own schemas ask of those inside them.
 */
export function opaqueSchema<T>({ document, problemOf }: OpaqueSpec): OpaqueSchema<T> {
  const run = (payload: ZodPayload): ZodPayload => {
    const message = problemOf(payload.value);
    if (message !== undefined) (payload.issues as unknown[]).push({ code: "custom", input: payload.value, message, path: [] });
    return payload;
  };
  const validate = (value: unknown): StandardResult => {
    const message = problemOf(value);
    return message === undefined ? { value } : { issues: [{ message }] };
  };
  const describe = () => ({ ...document });
  const traits = new Set(["$ZodType"]);
  const schema = {
    _zod: {
      def: { type: "custom" },
      traits,
      version: { major: 4, minor: 6 },
      deferred: undefined,
      bag: {},
      run,
      parse: run,
      toJSONSchema: describe,
    },
    "~standard": { version: 1, vendor: "plimsoll", validate, jsonSchema: { input: describe, output: describe } },
  };
  return schema as unknown as OpaqueSchema<T>;
}

/** How the values of a document's part come, where they are not JSON. */
export function bytesOf(part: unknown): string | undefined {
  const kind = (part as JsonSchema | undefined)?.["x-bytes"];
  return typeof kind === "string" ? kind : undefined;
}

/** Whether any part of a document stands for values that are not JSON. */
export function hasBytes(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return bytesOf(node) !== undefined || Object.values(node).some(hasBytes);
}
