import { fault } from "../../core/fault.ts";
import type { Schema } from "../../core/schema/standard.ts";
import { role, signedIn } from "../../operation/access.ts";
import type { Operation } from "../../operation/contract.ts";
import { action } from "../../operation/online/action.ts";
import { command } from "../../operation/online/command.ts";

/** What a call sends and gets back: fields of text and whole numbers, as any surface can carry them. */
export type SurfaceFields = Readonly<Record<string, string | number>>;

/** The operations that the suite calls, and what they do with the test. */
export interface SurfaceOperations {
  readonly all: readonly Operation[];
  /** The signal of the handler of `suite.wait`, once it waits. */
  readonly waiting: Promise<AbortSignal>;
  /** Lets that handler return. */
  release(): void;
}

/** The words of a bug: no caller sees them. */
export const secretWords = "table_of_secrets";

type Types = Readonly<Record<string, "string" | "integer">>;

function fieldsSchema(types: Types): Schema<SurfaceFields, SurfaceFields> {
  const document = {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(types).map(([name, type]) => [name, type === "string" ? { type, maxLength: 1_000 } : { type }]),
    ),
    required: Object.keys(types),
    additionalProperties: false,
  };
  const fits = (value: unknown, type: Types[string]) => (type === "string" ? typeof value === "string" : Number.isSafeInteger(value));
  return {
    "~standard": {
      version: 1,
      vendor: "conformance",
      // Fields that it does not name are left out.
      validate: (value) => {
        const fields = Object(value) as Record<string, unknown>;
        const wrong = Object.entries(types).filter(([name, type]) => !Object.hasOwn(fields, name) || !fits(fields[name], type));
        if (wrong.length > 0) return { issues: wrong.map(([name, type]) => ({ path: [name], message: `It is no ${type}.` })) };
        return { value: Object.fromEntries(Object.keys(types).map((name) => [name, fields[name]])) };
      },
      jsonSchema: { input: () => ({ ...document }), output: () => ({ ...document }) },
    },
  };
}

const SoldOut = fault("sold_out", { code: "failed_precondition", message: "All of it is sold." });

/** Makes the operations; nothing of them is shared. Each has a route of HTTP; other surfaces serve them by the word behind the dot of the name. */
export function surfaceOperations(): SurfaceOperations {
  let kept = 0;
  const waiting = Promise.withResolvers<AbortSignal>();
  const released = Promise.withResolvers<void>();
  const item = fieldsSchema({ name: "string", count: "integer" });
  const open = { input: item, output: item, access: "public", idempotent: "no", budget: "5s", graphql: true } as const;
  const keyed = { ...open, access: signedIn(), idempotent: "key" } as const;
  const all: readonly Operation[] = [
    action("suite.echo", { ...open, http: "POST /echo", run: async (input) => ({ ...input, internal: secretWords }) }),
    action("suite.sell", {
      ...open,
      faults: [SoldOut],
      http: "POST /sell",
      run: async (input, { fail }) => fail(SoldOut, input),
    }),
    action("suite.break", {
      ...open,
      http: "POST /break",
      run: async () => {
        throw new TypeError(secretWords);
      },
    }),
    action("suite.wait", {
      ...open,
      http: "POST /wait",
      run: async (input, { signal }) => {
        waiting.resolve(signal);
        await Promise.race([released.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
        return input;
      },
    }),
    action("suite.sign", {
      ...{ ...open, access: role("clerk"), output: fieldsSchema({ by: "string" }) },
      http: "POST /sign",
      run: async (_input, { actor }) => ({ by: actor.id }),
    }),
    command("suite.keep", {
      ...keyed,
      http: "POST /keep",
      // The output differs each time, so that a replay that ran the handler again is noticed.
      run: async ({ name }) => ({ name: String(name), count: ++kept }),
    }),
    // Without a key: a record would make JSON of it, whether its surface has written it or not.
    command("suite.misshape", {
      ...keyed,
      idempotent: "natural",
      http: "POST /misshape",
      run: async () => ({ name: "no count" }) as never,
    }),
  ];
  return { all, waiting: waiting.promise, release: () => released.resolve() };
}
