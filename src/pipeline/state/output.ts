import { Problems, serialize } from "../../core/schema.ts";
import { invalidOutput } from "../faults.ts";
import type { CompiledOperation, CompiledOutput } from "../registry/compiled.ts";

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
