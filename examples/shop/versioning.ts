import { fault } from "plimsoll";
import { z } from "zod";

/** Counts the changes of a thing: sent as its ETag, and asked for with If-Match by whatever changes it. */
export const Version = z.int().min(1);

export const VersionMismatch = fault("version_mismatch", {
  code: "failed_precondition",
  status: 412,
  message: "It was changed since you read it. Read it again, and send your change with its new ETag.",
});

/** What a function that may end an operation needs of its scope. */
interface Failing {
  fail(declared: typeof VersionMismatch, details: object): never;
}

/** Ends the operation where the caller's version is no longer the one that was found. Lock what you found, so that it stays true. */
export function expectVersion(found: { readonly version: number }, version: number, { fail }: Failing): void {
  if (found.version !== version) fail(VersionMismatch, {});
}
