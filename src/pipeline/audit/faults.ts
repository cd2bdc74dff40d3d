import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Problems } from "../../core/schema.ts";

const refused = (message: string): Fault =>
  new Fault({ code: "internal", type: "audit_refused", message: `${message} Nothing was committed.` });
const shownProblems = 10;

/** Reports a state that its schema refuses. *Faults*: `audit_refused`. */
export function invalidState(operation: string, { list }: Problems): Fault {
  const shown = list.slice(0, shownProblems).map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
  return refused(
    `What audit.state of ${operation} read is not what its schema allows: ${shown.join("; ")}. Fix the schema or the statement.`,
  );
}

/** Reports a subject that is none. *Faults*: `audit_refused`. */
export const invalidSubject = (operation: string): Fault =>
  refused(
    `audit.subject of ${operation} is not a text of 1 to ${limits.auditSubjectChars} characters without control characters. Return one, such as an id.`,
  );

/** Reports an input or a state above `limits.auditBytes`. *Faults*: `audit_refused`. */
export const tooLarge = (operation: string, { what, bytes }: { readonly what: string; readonly bytes: number }): Fault =>
  refused(
    `The ${what} of ${operation} has ${bytes} bytes in its audit record, and ${limits.auditBytes} are allowed. Keep less of it: give audit.state a smaller schema, or leave the input out.`,
  );

/** Reports more records than one transaction may write. *Faults*: `audit_refused`. */
export const tooManyRecords = (operation: string): Fault =>
  refused(
    `${operation} wrote more than ${limits.auditRecords} audit records in one transaction. Call fewer audited commands in one transaction.`,
  );
