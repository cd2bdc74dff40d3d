import { type Fault, refusal } from "../../core/fault.ts";

/** Refuses a body that is no form in UTF-8: 415. */
export const notForm = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: 'The body must be a form in UTF-8: send it with "Content-Type: application/x-www-form-urlencoded".',
  });

/** Refuses a raw body of a type that its operation does not take: 415. */
export const rawTypeRefused = (types: readonly string[]): Fault =>
  refusal({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: `The body must be of one of these types: ${types.join(", ")}. Send it with its "Content-Type".`,
    details: { types },
  });

/** Refuses a form that is not encoded as forms are: 400. *Units*: `field` counts from 1. */
export const malformedForm = (field: number, why: string): Fault =>
  refusal({
    code: "invalid_argument",
    type: "malformed_form",
    message: `Field ${field} of the form ${why}. Encode names and values with URLSearchParams, or the function of your language that does the same.`,
    details: { field },
  });

/** Refuses a form with more fields than are read: 413. */
export const tooManyFields = (most: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "too_many_values",
    status: 413,
    message: `The form has more than ${most} fields. Send fewer at once.`,
    details: { limit: "form fields", value: most },
  });
