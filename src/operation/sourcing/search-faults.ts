import { Fault } from "../../core/fault.ts";

/** Says that a search engine has no such index. *Faults*: `search_index_missing`. */
export const searchIndexMissing = (index: string): Fault =>
  new Fault({
    code: "not_found",
    type: "search_index_missing",
    message: `The search engine has no documents of ${index} there. They are made again of their events, which takes a while.`,
  });

/** Says that a search engine cannot be asked. *Faults*: `search_unavailable`. */
export const searchUnavailable = (message: string, cause?: unknown): Fault =>
  new Fault({ code: "unavailable", type: "search_unavailable", message, retryAfterMs: 1_000, ...(cause !== undefined && { cause }) });

/** Says that a search engine refuses a document. *Faults*: `search_document_refused`. */
export const searchDocumentRefused = (index: string, reason: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "search_document_refused",
    message: `The search engine refuses a document of ${index}: ${reason}. Change what the index makes of its events.`,
  });

/** Says that an index found what is of another tenant. *Faults*: `search_other_tenant`. */
export const searchOtherTenant = (index: string): Fault =>
  new Fault({
    code: "internal",
    type: "search_other_tenant",
    message: `The search engine found a document of ${index} that is of another tenant. Nothing of it was returned; check who else writes to the index.`,
  });
