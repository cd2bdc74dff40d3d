// What those who extend the platform implement: surfaces and engines of durable work. Applications do not import it.
export type { Surface, SurfaceHost } from "../app/surface.ts";
export type { Timer } from "../core/clock.ts";
export { toMs } from "../core/duration.ts";
export { Fault } from "../core/fault.ts";
export { readInput, withMade, writeInput } from "../core/schema/made.ts";
export type { AnySchema } from "../core/schema/standard.ts";
export { Problems } from "../core/schema.ts";
export type { Service } from "../core/service.ts";
export type { PeerCertificate } from "../operation/authentication/peer-certificate.ts";
export { everything, type InvalidationChannel, type InvalidationChannelSource } from "../operation/cache/port.ts";
export type { Operation } from "../operation/contract.ts";
export type { Engine } from "../operation/durable/engine.ts";
export type { Durable, OccurrenceStart, PreparedStart, StartContext, Starts } from "../operation/durable/start.ts";
export type { SurfaceFacts } from "../operation/execution.ts";
export { isOfKind, type KindTraits, traitsOf } from "../operation/kind.ts";
export type {
  BatchBounds,
  IncomingBatch,
  IncomingMessage,
  MessageReceiver,
  ReceiverHost,
  ReceiverSource,
} from "../operation/messaging/receiver.ts";
export type { MessageSender, MessagingHost, OutgoingMessage, SenderSource } from "../operation/messaging/sender.ts";
export type { OpsPage } from "../operation/ops-page.ts";
export type { Statement } from "../operation/transaction.ts";
export type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
export { invalidInput } from "../pipeline/faults.ts";
export type { CompiledOperation } from "../pipeline/registry/compiled.ts";
export type { Report } from "../pipeline/registry/problem.ts";
export { callerLeft, signIn, signInByCertificate } from "../pipeline/sign-in.ts";
export type { Attempt, Invocation, Waiting } from "../pipeline/state/invocation.ts";
export type { ShapedOutput } from "../pipeline/state/output.ts";
export type { RunningExecution } from "../pipeline/state/running-execution.ts";
