import { AcceptCode } from "./accept-code.ts";
import { boundPlan } from "./bounds/guard.ts";
import { Code } from "./code.ts";
import { type Plan, planOf } from "./plan.ts";
import { no } from "./run.ts";
import type { Schema } from "./standard.ts";
import { TextCode } from "./text-code.ts";
import { isZod } from "./zod.ts";

type Call = (value: unknown) => unknown;

/** The fast ways through a schema. They give `no`, or throw, where the schema's library has to decide. */
export interface Fast {
  readonly accept: Call;
  readonly text: Call;
}

/**
 * Makes the fast ways. Their code is written when they are first used: of most schemas only one is.
 * With *guard*, what it refuses is not accepted either; it is only asked where the bounds cannot be part of the code.
 */
export function makeFast(schema: Schema, guard?: (value: unknown) => unknown): Fast {
  if (!isZod(schema)) return { accept: ask, text: ask };
  return {
    accept: writtenOnce(() => {
      const plan = planOf(schema);
      const bound = plan && guard ? boundPlan(plan) : plan;
      const accept = make(bound ?? plan, (whole, code) => code.function(whole));
      return bound === undefined && guard !== undefined ? (value) => (guard(value) === undefined ? accept(value) : no) : accept;
    }),
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
