import type { Fault } from "../../../core/fault.ts";
import type { CompiledOperation } from "../../../pipeline/registry/compiled.ts";
import { isFields } from "../../carrier/message.ts";
import { capabilityMissing, confirmationDeclined, confirmationNeeded, inputDeclined, inputNeeded, paramsInvalid } from "../../faults.ts";
import type { Ask } from "../../model/asks/ask.ts";
import type { Asking, CallTerms } from "../asking.ts";
import { keyOfRequest } from "../session.ts";
import { type Continuation, type Continued, newKey } from "./continuation.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is called: a tool or a prompt. */
export interface Callable {
  readonly name: string;
  readonly operation: CompiledOperation;
  readonly asks: readonly Ask[];
  readonly confirmation?: ((input: Fields) => string | undefined) | undefined;
}

/** What stands before a call: it can run, or its client is asked first, or only sends it again. */
export type Prepared =
  | { readonly key: string | undefined; readonly input: Fields }
  | { readonly requests: Readonly<Record<string, object>>; readonly continuation: Continuation };

/** Where a client says the key of a call. */
const keyField = "plimsoll/idempotency-key";
/** The name of the question whether a person confirms. */
const confirm = "confirm";

/**
 * Works out what a call lacks: input, a person who confirms it, and its key.
 * *Faults thrown*: `mcp_capability_missing`, `mcp_input_declined`, `mcp_confirmation_declined`, `mcp_confirmation_needed`, `mcp_params_invalid`.
 */
export class Preparation {
  readonly #terms: CallTerms;
  readonly #asking: Asking;
  readonly #callable: Callable;
  readonly #arguments: Fields;

  constructor(terms: CallTerms, asking: Asking, { callable, call }: { readonly callable: Callable; readonly call: Continued }) {
    this.#terms = terms;
    this.#asking = asking;
    this.#callable = callable;
    this.#arguments = call.input as Fields;
  }

  /** `responses`: those to the questions of `continuation`, which is undefined of a call that begins. */
  outcome(responses: unknown, continuation: Continuation | undefined): Prepared {
    const { carrier } = this.#asking;
    const { operation, confirmation, name } = this.#callable;
    const given = this.#given(isFields(responses) ? responses : {}, continuation?.given ?? {});
    const input = Object.assign({}, ...Object.values(given), this.#arguments) as Fields;
    const key = this.#givenKey() ?? continuation?.key ?? this.#sessionKey();
    const next = { key: key ?? newKey(carrier), given };
    const requests = this.#requests(given, input);
    if (Object.keys(requests).length > 0) return { requests, continuation: { ...next, confirming: false } };
    const sentence = confirmation?.(input);
    if (sentence !== undefined && !confirmed(responses, continuation, name)) {
      this.#needs(["elicitation"], () => confirmationNeeded(name));
      return { requests: { [confirm]: formOf(sentence) }, continuation: { ...next, confirming: true } };
    }
    if (operation.key === "none") return { key: undefined, input };
    if (key === undefined && this.#asking.client.era === "modern" && this.#terms.mintsKeys)
      return { requests: {}, continuation: { ...next, confirming: false } };
    return { key, input };
  }

  /** What questions have brought until now, by their names. */
  #given(responses: Fields, before: Continuation["given"]): Record<string, Fields> {
    const given: Record<string, Fields> = { ...before };
    for (const { key, required, read } of this.#callable.asks) {
      const response = responses[key];
      if (!isFields(response)) continue;
      const declined = response.action === "decline" || response.action === "cancel";
      if (declined && required) throw inputDeclined(this.#callable.name);
      const fields = declined ? {} : read(response);
      if (fields !== undefined) given[key] = fields;
    }
    return given;
  }

  #requests(given: Readonly<Record<string, Fields>>, input: Fields): Record<string, object> {
    const lacking = this.#callable.asks.filter(
      ({ key, fields }) => given[key] === undefined && fields.some((field) => !Object.hasOwn(input, field)),
    );
    const round = lacking.filter(({ after }) => !lacking.some(({ key }) => key === after));
    const needed = round.filter(({ required }) => required);
    const fields = needed.flatMap((ask) => ask.fields).filter((field) => !Object.hasOwn(input, field));
    this.#needs(
      needed.map(({ capability }) => capability),
      () => inputNeeded(this.#callable.name, fields),
    );
    const able = round.filter(({ capability }) => isFields(this.#asking.client.capabilities[capability]));
    return Object.fromEntries(able.map((ask) => [ask.key, ask.request(input)]));
  }

  /** `refusal`: what a client of a session is refused with that cannot be asked. */
  #needs(capabilities: readonly string[], refusal: () => Fault): void {
    const { era, capabilities: declared } = this.#asking.client;
    const missing = capabilities.filter((name) => !isFields(declared[name]));
    if (missing.length === 0) return;
    throw era === "legacy" ? refusal() : capabilityMissing(this.#callable.name, missing);
  }

  #givenKey(): string | undefined {
    const { carrier, message } = this.#asking;
    const given = message.meta[keyField];
    if (given !== undefined && typeof given !== "string") throw paramsInvalid(`"${keyField}" in "_meta" is not a text.`);
    return carrier.invocation.idempotencyKey ?? given;
  }

  #sessionKey(): string | undefined {
    const { client, message } = this.#asking;
    return client.session === undefined ? undefined : keyOfRequest(client.session, message.id);
  }
}

/** Whether a person has confirmed, who was asked. */
function confirmed(responses: unknown, continuation: Continuation | undefined, name: string): boolean {
  const response = continuation?.confirming === true && isFields(responses) ? responses[confirm] : undefined;
  if (!isFields(response)) return false;
  if (response.action === "accept" && isFields(response.content) && response.content.confirmed === true) return true;
  throw confirmationDeclined(name);
}

function formOf(message: string): object {
  const requestedSchema = {
    type: "object",
    properties: { confirmed: { type: "boolean", title: "Do it", default: false } },
    required: ["confirmed"],
  };
  return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } };
}
