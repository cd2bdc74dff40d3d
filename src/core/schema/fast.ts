import type { Schema } from "../schema.ts";
import { AcceptCode } from "./accept-code.ts";
import { Code } from "./code.ts";
import { type Plan, planOf } from "./plan.ts";
import { no } from "./run.ts";
import { TextCode } from "./text-code.ts";
import { isZod } from "./zod.ts";

type Call = (value: unknown) => unknown;

/** The fast ways through a schema. They give `no`, or throw, where the schema's library has to decide. */
export interface Fast {
  readonly accept: Call;
  readonly text: Call;
}

/** Makes the fast ways. Their code is written when they are first used: of most schemas only one is. */
export function makeFast(schema: Schema): Fast {
  if (!isZod(schema)) return { accept: ask, text: ask };
  return {
    accept: writtenOnce(() => make(planOf(schema), (plan, accept) => accept.function(plan))),
    text: writtenOnce(() => make(planOf(schema), (plan, accept) => new TextCode(accept).function(plan))),
  };
}

function ask(): symbol {
  return no;
}

function writtenOnce(write: () => Call): Call {
  let call: Call = (value) => {
    call = write();
    return call(value);
  };
  return (value) => call(value);
}

function make(plan: Plan | undefined, write: (plan: Plan, accept: AcceptCode) => string): Call {
  if (plan === undefined) return ask;
  const code = new Code();
  return code.make<Call>(write(plan, new AcceptCode(code))) ?? ask;
}
