import { fail, fault } from "plimsoll";
import { z } from "zod";

/** Counts the changes of a thing: sent as its ETag, and asked for with If-Match by whatever changes it. */
export const Version = z.int().min(1);

export const VersionMismatch = fault("version_mismatch", {
  code: "failed_precondition",
  status: 412,
  message: "Somebody else changed it since you read it. Read it again, and send your change with its new ETag.",
});

/** Ends the operation where somebody else was first. Lock what you found, so that it stays true. */
export function expectVersion(found: { readonly version: number }, version: number): void {
  if (found.version !== version) fail(VersionMismatch, {});
}
