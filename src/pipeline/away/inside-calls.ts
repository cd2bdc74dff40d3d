import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { invalidApp, type Registry } from "../registry/registry.ts";
import { ClosureReader } from "./closure.ts";
import { beyondMessage, insideMessage } from "./faults.ts";

const named = String.raw`([A-Za-z_$][\w$]*)(?:\.([A-Za-z_$][\w$]*))?\s*[,)]`;
/** As in `call(catalog.takeStock, …)` and `call(takeStock, …)`. */
const calls = new RegExp(String.raw`\bcall\(\s*${named}`, "g");
/** As in `start(payments.checkout, …)` and `child("pay", checkout, …)`. */
const all = new RegExp(String.raw`\b(?:call|start|child)\(\s*(?:["'\`][^"'\`]*["'\`]\s*,\s*)?${named}`, "g");

/**
 * Refuses an app with a query or a command that calls a remote module inside its transaction, or with an operation that starts or calls what only the process of a
 * remote module runs, as its handler is written: a call that is hidden in another function is refused when it is made.
 * *Faults thrown*: `failed_precondition` of type `app_invalid`, which names each and both ways out.
 */
export function refuseInsideCalls({ operations, byContract, beyond }: Pick<Registry, "operations" | "byContract" | "beyond">): void {
  const own = [...operations.values()].filter(({ away }) => away === undefined);
  if (own.length === operations.size && beyond.size === 0) return;
  const reader = ClosureReader.open();
  if (reader === undefined) return;
  try {
    const problems = own.flatMap((caller) => [
      ...insideProblems(caller, { reader, byContract }),
      ...(beyond.size === 0 ? [] : beyondProblems(caller, { reader, beyond })),
    ]);
    if (problems.length > 0) throw invalidApp(problems);
  } finally {
    reader[Symbol.dispose]();
  }
}

type Problems = Parameters<typeof invalidApp>[0];

function insideProblems(caller: CompiledOperation, { reader, byContract }: Pick<Registry, "byContract"> & Reading): Problems {
  if (caller.traits.transaction === "none") return [];
  return [...namedBy(caller, calls, reader)].flatMap((contract) => {
    const called = byContract.get(contract);
    return called?.away === undefined ? [] : [{ where: caller.name, field: "run", message: insideMessage(caller, called) }];
  });
}

function beyondProblems(caller: CompiledOperation, { reader, beyond }: Pick<Registry, "beyond"> & Reading): Problems {
  return [...namedBy(caller, all, reader)].flatMap((contract) => {
    const module = beyond.get(contract);
    if (module === undefined) return [];
    const isDurable = traitsOf(contract).durable;
    return [{ where: caller.name, field: "run", message: beyondMessage(caller.name, { name: contract.name, module, isDurable }) }];
  });
}

interface Reading {
  readonly reader: ClosureReader;
}

/** The contracts that the handler of an operation names in such a call. */
function namedBy({ handler, owns }: CompiledOperation, written: RegExp, reader: ClosureReader): ReadonlySet<Operation> {
  const found = new Set<Operation>();
  for (const code of [handler, owns]) {
    if (code === undefined) continue;
    for (const [, name = "", member] of uncommented(String(code)).matchAll(written)) {
      const value = reader.read(code, name);
      found.add((member === undefined ? value : Object(value)[member]) as Operation);
    }
  }
  return found;
}

const uncommented = (code: string): string => code.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
