import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Problems } from "../../core/schema.ts";

const shownProblems = 10;

const refused = (message: string): Fault => new Fault({ code: "internal", type: "event_refused", message });

/** Reports data that the schema of the event refuses, as a bug of the handler. *Faults*: `event_refused`. */
export function invalidData(name: string, problems: Problems): Fault {
  return refused(
    `The data of ${name} is not what its schema allows: ${inOneLine(problems)}. Nothing was committed; fix the handler or the schema.`,
  );
}

/** Reports data that its own schema would not take again. *Faults*: `event_refused`. */
export function unreadableData(name: string, problems: Problems): Fault {
  return refused(
    `The schema of ${name} makes of its data what it does not take itself: ${inOneLine(problems)}. Nothing was committed; leave transformations out of the schema.`,
  );
}

function inOneLine({ list, more }: Problems): string {
  const shown = list.slice(0, shownProblems).map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
  const rest = more || list.length > shownProblems ? "; and more" : "";
  return shown.join("; ") + rest;
}

/** Reports a subject that is none. *Faults*: `event_refused`. */
export const invalidSubject = (name: string): Fault =>
  refused(`The subject of ${name} is not the id of a person. Nothing was committed; return one.`);

/** Reports data that its schema would not take once it is erased. *Faults*: `event_refused`. */
export const notErasable = (name: string, problems: Problems): Fault =>
  refused(
    `The schema of ${name} does not take what stands for personal data once that is erased: ${inOneLine(problems)}. Nothing was committed; write .nullable(), or another erased value in personal(…).`,
  );

/** Reports a key that is none. *Faults*: `event_refused`. */
export const invalidKey = (name: string): Fault =>
  refused(
    `The key of ${name} is not a text of 1 to ${limits.eventKeyChars} characters without control characters. Nothing was committed; return one, such as an id.`,
  );

/** Refuses data above `limits.eventBytes`. *Faults*: `event_refused`. */
export const tooLargeEvent = (name: string, bytes: number): Fault =>
  refused(
    `The data of ${name} has ${bytes} bytes, and ${limits.eventBytes} are allowed. Nothing was committed; store what is large, and emit its id.`,
  );

/** Refuses more events than one transaction may emit. *Faults*: `event_refused`. */
export const tooManyEvents = (operation: string): Fault =>
  refused(
    `${operation} emitted more than ${limits.eventsEmitted} events or ${limits.eventsEmittedBytes} bytes of data in one transaction. Nothing was committed; emit one event that stands for all, or write in several transactions.`,
  );
