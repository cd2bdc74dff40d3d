import { Fault } from "../core/fault.ts";

/** Refuses a text that the vault did not seal for this place. *Faults*: `sealed_text_invalid`. */
export const sealedTextInvalid = (): Fault =>
  new Fault({
    code: "internal",
    type: "sealed_text_invalid",
    message: "The sealed text was changed, or sealed for another field, row or tenant. Open it where it was sealed.",
  });

/** Refuses to open what a person whose key was deleted has left. *Faults*: `sealed_text_erased`. */
export const sealedTextErased = (): Fault =>
  new Fault({
    code: "not_found",
    type: "sealed_text_erased",
    message: "The key of this text was deleted, and with it what the text said. Treat the value as erased.",
  });

/** Says that the vault has no key in memory that it needs. *Faults*: `vault_unavailable`. */
export const vaultUnavailable = (message: string, cause?: unknown): Fault =>
  new Fault({ code: "unavailable", type: "vault_unavailable", message, retryAfterMs: 1_000, ...(cause !== undefined && { cause }) });

/** Refuses a value above `limits.vaultValueBytes`. *Faults*: `vault_value_large`. */
export const valueTooLarge = (field: string, { bytes, limit }: { readonly bytes: number; readonly limit: number }): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "vault_value_large",
    message: `A value of ${field} has ${bytes} bytes, and ${limit} are allowed. Bound it in the schema of the input.`,
  });

/** Asks for the transaction to run again: another one made the key of the tenant at the same time. *Faults*: `vault_key_taken`. */
export const keyTaken = (): Fault =>
  new Fault({
    code: "aborted",
    type: "vault_key_taken",
    message: "Another request made the key of this tenant at the same time. Try again.",
  });
