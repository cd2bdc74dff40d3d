import { Fault } from "../../core/fault.ts";
import type { SpeedLimits } from "./sending-speed.ts";

/** Refuses a multipart body that is not written as forms are: 400. */
export const malformedMultipart = (why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "malformed_multipart",
    message: `The body is no valid multipart/form-data: ${why[0]?.toLowerCase()}${why.slice(1)}. Write it with FormData, or the library of your language that does the same.`,
  });

/** Refuses a multipart body with more parts than are read: 413. */
export const tooManyParts = (most: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "too_many_values",
    status: 413,
    message: `The form has more than ${most} parts. Send fewer at once.`,
    details: { limit: "form fields", value: most },
  });

/** Refuses a file above the bound of its field: 413. */
export const fileTooLarge = (most: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The file is larger than the ${most} bytes that this operation takes. Send a smaller one.`,
    details: { limit: "file bytes", value: most },
  });

/** Refuses files that are too large together: 413. */
export const filesTooLarge = (most: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The files are larger than the ${most} bytes that this operation takes of all of them together. Send fewer at once.`,
    details: { limit: "file bytes in all", value: most },
  });

/** Refuses more files than a field takes: 413. */
export const tooManyFiles = (most: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "too_many_values",
    status: 413,
    message: `The form has more than ${most} files. Send fewer at once.`,
    details: { limit: "files", value: most },
  });

/** Refuses a file whose type is not among those of its field: 415. */
export const fileTypeRefused = (found: string, types: readonly string[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: `The file is ${found}, and this operation takes ${types.join(", ")}. Send one of these.`,
    details: { found, types },
  });

/** Refuses a file that is not what its sender says it is: 415. */
export const fileTypeMismatch = (declared: string, found: string | undefined): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "media_type_mismatch",
    status: 415,
    message: `The file is declared as ${declared}, but its first bytes are those of ${found ?? "another type"}. Send the file with the type that it has.`,
    details: { declared, ...(found !== undefined && { found }) },
  });

/** Refuses a body that is no form with files: 415. */
export const notMultipart = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: 'The body must be a form with a file: send it with "Content-Type: multipart/form-data" and its boundary.',
  });

/** Refuses a file that comes more slowly than `uploadBytesPerSecond`: 408. */
export const uploadTooSlow = ({ uploadBytesPerSecond, uploadSlowMs }: SpeedLimits): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "upload_too_slow",
    status: 408,
    message: `For ${uploadSlowMs} ms the file came more slowly than ${uploadBytesPerSecond} bytes in a second. Send it again over a faster connection, or in smaller files.`,
    details: { limit: "upload bytes per second", value: uploadBytesPerSecond },
  });
