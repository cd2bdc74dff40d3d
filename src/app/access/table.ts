import { textTable } from "../ops/text.ts";
import type { AccessMatrix } from "./matrix.ts";

/** Shows who may run what as a table of plain text, one operation a line. */
export function accessTableOf({ roles, operations }: AccessMatrix): string {
  const titles = ["operation", "kind", "route", "anonymous", "signed in", ...roles, "access"];
  const rows = operations.map(({ operation, kind, route, access, anonymous, signedIn, byRole, fields = {} }) => [
    ...[operation, kind, route ?? "internal", anonymous, signedIn],
    ...roles.map((role) => byRole[role] ?? "no"),
    // Last, because it is the longest; control characters would end the line.
    [access, ...Object.entries(fields).map(([field, who]) => `${field}: ${who}`)].join("; ").replaceAll(/\p{Cc}+/gu, " "),
  ]);
  return textTable([titles, ...rows]);
}
