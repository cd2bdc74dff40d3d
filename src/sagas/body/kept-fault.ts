import { isCode } from "../../core/code.ts";
import { Fault, type FaultClass } from "../../core/fault.ts";
import { attempt, describeThrown } from "../../core/value/thrown.ts";
import { storable } from "../../tasks/context.ts";

/** A fault as the journal keeps it. */
export interface KeptFault {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly details?: unknown;
  /** The step that it was thrown by. */
  readonly step?: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
type Declared = ReadonlyMap<string, FaultClass<any>>;

/** The JSON of a fault. Of a bug, the message is what was thrown. */
export function writeFault(fault: Fault, step?: string): string {
  const { code, type, message, details, cause } = fault;
  const shown = storable(code === "internal" && cause !== undefined ? describeThrown(cause) : message);
  const kept: KeptFault = { code, type: storable(type), message: shown, ...(step !== undefined && { step }) };
  // Details that have no JSON form are left out: the fault is what decides.
  return attempt(() => JSON.stringify({ ...kept, details })) ?? JSON.stringify(kept);
}

/** Reads a fault: where it is a declared one, as an instance of its class, so that a saga tells it apart in its first run and in every later one alike. */
export function readFault(text: string, declared: Declared): Fault {
  const { code, type, message, details } = JSON.parse(text) as KeptFault;
  const known = declared.get(type);
  if (known !== undefined) {
    const made = attempt(() => new known(details as never));
    if (made !== undefined) return made;
  }
  return new Fault({ code: isCode(code) ? code : "internal", type, message, details });
}
