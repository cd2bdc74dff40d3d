import { makePersonal } from "../../core/schema/marks/personal.ts";
import type { CompiledSchema } from "../../core/schema.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { Report } from "../registry/problem.ts";

/** The personal fields of an event. */
export interface CompiledPersonal {
  readonly replace: NonNullable<ReturnType<typeof makePersonal>>;
  readonly subject: (data: never) => string;
}

/** Works out the personal fields of an event; undefined where it has none. Reports those that do not say whose they are. */
export function compilePersonal(
  { name, subject }: DomainEvent,
  { inputJson, outputJson }: CompiledSchema,
  report: Report,
): CompiledPersonal | undefined {
  const replace = makePersonal([inputJson, outputJson]);
  if (replace === undefined) return undefined;
  if (typeof subject === "function") return { replace, subject };
  report(
    name,
    "subject",
    "It has personal data, and does not say whose. Return the id of the person, as in subject: ({ customerId }) => customerId.",
  );
  return undefined;
}
