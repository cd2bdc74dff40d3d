import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type App, type Code, module } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import type { Operation } from "plimsoll/ports";
import { DynamicClient } from "../grpc/client.ts";
import { readDetails } from "../grpc/details.ts";
import type { Answer, Asks } from "./asks.ts";
import { headersOf } from "./rest.ts";

/** The table over gRPC, asked by grpc-js. */
export const overGrpc: Asks = {
  name: "grpc",
  surfaces: () => [grpc({ port: 0, host: "127.0.0.1", lock: false })],
  ask: async (app, call) => {
    const { operation, input, remainingMs, signal } = call;
    const headers = headersOf(call);
    for (const name of ["content-type", "plimsoll-deadline-ms"]) headers.delete(name);
    // The deadline of a client would end the call there: what the service says is what counts here.
    if (remainingMs !== undefined) headers.set("grpc-timeout", `${remainingMs}m`);
    const client = clientOf(app, operation);
    try {
      const word = operation.name.replace("same.", "");
      const path = `/same.Same/${word[0]!.toUpperCase()}${word.slice(1)}`;
      return { code: "ok", output: await client.unary(path, input, { headers: Object.fromEntries(headers), signal }) };
    } catch (error) {
      return answerOfError(error as ServiceError);
    } finally {
      client.close();
    }
  },
};

function clientOf(app: App, operation: Operation): DynamicClient {
  return new DynamicClient(app.urls.surfaces[0] as string, [module("same", { operations: [operation] })]);
}

function answerOfError(error: ServiceError): Answer {
  if (!(error.metadata instanceof Metadata)) throw error;
  const { ErrorInfo, BadRequest } = readDetails(error);
  const details = Object.entries(ErrorInfo?.metadata ?? {}).map(([name, text]): [string, unknown] => [name, partOf(text)]);
  const problems = BadRequest?.fieldViolations?.map(({ field, description }) => ({ pointer: field, message: description }));
  return {
    code: (status[error.code] ?? "").toLowerCase() as Code,
    type: ErrorInfo?.reason ?? "",
    message: error.details,
    ...(details.length > 0 && { details: Object.fromEntries(details) }),
    ...(problems && { problems }),
  };
}

/** A value of details, which is written as a text or as JSON. */
function partOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
