import { Fault } from "../../core/fault.ts";
import type { CompiledOperation } from "../registry/compiled.ts";

/** The sentence that names both ways out of a call that would leave a transaction. */
export function insideMessage(caller: Pick<CompiledOperation, "name" | "kind">, called: Pick<CompiledOperation, "name" | "kind">): string {
  return `${caller.name} is a ${caller.kind}, which is one transaction, and calls the ${called.kind} ${called.name} of the remote module ${moduleOf(called.name)}, which no transaction of this process can contain. Two ways out: make it a saga, with the call as a step and an undo of it, or emit an event in the transaction that the other module subscribes to.`;
}

/** The sentence that names both ways out of a call of what only the process of a remote module runs. `isDurable`: whether it is started, and not called. */
export function beyondMessage(
  caller: string,
  { name, module, isDurable }: { readonly name: string; readonly module: string; readonly isDurable: boolean },
): string {
  if (isDurable)
    return `${caller} starts ${name} of the remote module ${module}, which only a transaction of that module can start. Two ways out: call a command of ${module} that starts it, or emit an event that ${module} subscribes to.`;
  return `${caller} calls ${name} of the remote module ${module}, which takes a file or a body of its own form, and a call between services carries messages alone. Two ways out: let callers reach it at the service that has ${module}, or keep the file elsewhere, and call a command of ${module} with where it is.`;
}

const moduleOf = (operation: string): string => operation.slice(0, operation.indexOf("."));

/** Refuses a call of another process inside a transaction. Nothing was sent. */
export const remoteInside = (caller: Pick<CompiledOperation, "name" | "kind">, called: Pick<CompiledOperation, "name" | "kind">): Fault =>
  new Fault({ code: "internal", type: "remote_call_in_transaction", message: insideMessage(caller, called) });

/** Refuses the token of a service that was signed for another operation. */
export const carriedElsewhere = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "internal_token_for_other",
    message: "The internal token was signed for another operation. A service signs one for each call.",
  });
