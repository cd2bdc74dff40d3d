import { Problems } from "../../core/schema.ts";
import type { SagaDefinition } from "../definition.ts";
import { inOneLine } from "../starts/signal.ts";
import { signalUnreadable } from "./faults.ts";

/**
 * Reads the data of a signal that was stored, as its schema makes them. A name that is not declared (any more) gives them as they are: only the body of an earlier
 * version asks for one. *Faults thrown*: `saga_signal_unreadable`.
 */
export function readSignal({ name: saga, compiled }: SagaDefinition, name: string, stored: unknown): unknown {
  const schema = compiled.signals.get(name);
  if (schema === undefined || stored === undefined) return stored;
  const parsed = schema.parse(stored);
  if (parsed instanceof Problems) throw signalUnreadable(saga, name, inOneLine(parsed.list));
  return parsed;
}
