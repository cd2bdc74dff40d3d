import { Fault } from "../../core/fault.ts";
import { takeRate } from "../../pipeline/rate.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { AssetPage } from "../../surface/page/asset-page.ts";
import { chosenOperation, type Documents, type ReadDocument } from "../plan/documents.ts";
import { invalidDocument } from "../plan/invalid.ts";
import type { Persisted } from "../plan/persisted.ts";
import { rootNameOf } from "../plan/planner.ts";
import type { DocumentRun, ExecutionTerms } from "../run/execute.ts";
import { type Asked, documentMissing } from "./asked.ts";

/** What requests of GraphQL are served with, once the app has started. */
export interface ServerTerms extends ExecutionTerms {
  readonly documents: Documents;
  readonly persisted: Persisted;
  /** What a browser gets that opens the path. *Default*: what every client gets. */
  readonly page?: AssetPage;
}

/** By what a document came. */
export interface Way {
  readonly carrier: RunningExecution;
  /** Whether it may write: a request by GET must be safe to repeat. */
  readonly writes: boolean;
}

/** Reads, checks and plans what is asked. *Faults thrown*: those of its document and variables, and where that way may not ask it. */
export async function prepareRun(terms: ServerTerms, asked: Asked, { carrier, writes }: Way): Promise<DocumentRun> {
  const { library, schema, documents, persisted } = terms;
  const text = persisted.textOf(asked);
  if (text === undefined || text === "") throw documentMissing();
  const isNew = !documents.has(text);
  const read = documents.read(text);
  // To read a document takes its time, and what begins late in a turn of the loop counts as overdue.
  if (isNew) await new Promise<void>((resolve) => void setImmediate(resolve));
  const operation = chosenOperation(read, asked.operationName);
  if (!writes && rootNameOf(operation) === "Mutation") throw onlyByPost();
  const { errors, coerced } = library.getVariableValues(schema, operation.variableDefinitions ?? [], asked.variables, { maxErrors: 10 });
  if (errors !== undefined) throw invalidDocument(errors);
  const plan = documents.planOf(read, operation, coerced);
  const known = plan.asksSchema ? askSchema(terms, { read, asked }) : {};
  if (plan.roots.length === 0) await chargeCaller(carrier);
  return { carrier, plan, variables: coerced, known };
}

/** Takes one of what a caller may send, for what starts no operation. *Faults thrown*: `rate_limited`. */
export async function chargeCaller(carrier: RunningExecution): Promise<void> {
  await takeRate(carrier, carrier.caller ?? "");
}

/** What a document asks about the schema, the library answers. */
function askSchema({ library, schema }: ServerTerms, { read, asked }: { readonly read: ReadDocument; readonly asked: Asked }) {
  const { data } = library.executeSync({
    ...{ schema, document: read.document, variableValues: asked.variables, operationName: asked.operationName ?? null },
    // Fields of the app are not its to bring: they stand in the reply by their own calls.
    fieldResolver: () => null,
  });
  return data ?? {};
}

const onlyByPost = (): Fault =>
  new Fault({
    code: "unimplemented",
    type: "graphql_method_not_allowed",
    message: "A mutation came by GET, which must be safe to repeat. Send it by POST.",
    status: 405,
  });

/** Refuses a subscription whose client takes no events. *Faults*: `graphql_subscription_unsent`. */
export const eventsNotTaken = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "graphql_subscription_unsent",
    message: "A subscription is sent as events. Ask with Accept: text/event-stream, or over a WebSocket.",
    status: 406,
  });
