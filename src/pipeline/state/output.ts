import { Problems, serialize } from "../../core/schema.ts";
import { invalidOutput } from "../faults.ts";
import type { CompiledOperation, CompiledOutput } from "../registry/compiled.ts";
import type { OutputCaller, OutputViews } from "../registry/output-views.ts";

const unshaped: unique symbol = Symbol("unshaped");

/**
 * What a run returned, shaped when a surface asks for it: as a value or as JSON, each once. A surface that writes JSON makes no shaped value, and one
 * that does not makes JSON only for the record of a key.
 */
export class ShapedOutput implements CompiledOutput {
  readonly #operation: CompiledOperation;
  readonly #returned: unknown;
  #json: string | undefined;
  #value: unknown = unshaped;
  /** What a surface says beside it. It is kept with the record, and a replay has it again: it has a JSON form. */
  head: unknown;

  /** `returned`: by the handler. `json`: where it was shaped before; nothing is shaped twice. */
  constructor(operation: CompiledOperation, returned: unknown, json?: string) {
    this.#operation = operation;
    this.#returned = returned;
    this.#json = json;
    this.head = undefined;
  }

  /** The output as JSON. *Faults thrown*: `internal` of type `invalid_output` where what was returned does not fit the schema. */
  get json(): string {
    this.#json ??= this.#write();
    return this.#json;
  }

  /** The output as a value, to be read only. *Faults thrown*: as {@link json}. */
  get value(): unknown {
    if (this.#value === unshaped) this.#value = this.#json === undefined ? this.#shape() : JSON.parse(this.#json);
    return this.#value;
  }

  #write(): string {
    const text = this.#value === unshaped ? this.#operation.output.stringify(this.#returned) : serialize(this.#value);
    if (text instanceof Problems) throw invalidOutput(this.#operation.name, text);
    return text;
  }

  #shape(): unknown {
    const shaped = this.#operation.output.parse(this.#returned);
    if (shaped instanceof Problems) throw invalidOutput(this.#operation.name, shaped);
    return shaped;
  }
}

/**
 * Puts in the place of the output what its caller may see of it. What was kept of it (under a key, in a cache) is whole, so that the caller of each request
 * decides, with the roles that it has then.
 */
export function narrowOutput(
  execution: OutputCaller & { output: ShapedOutput | undefined; readonly compiled: CompiledOperation },
  views: OutputViews,
): void {
  const { output, compiled } = execution;
  if (output === undefined) return;
  const json = views.jsonFor(execution, output.json);
  if (json === output.json) return;
  execution.output = new ShapedOutput(compiled, undefined, json);
  execution.output.head = output.head;
}
