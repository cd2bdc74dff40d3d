import type { SurfaceHost } from "../../app/surface.ts";
import type { TraceParent } from "../../core/trace.ts";
import { type Actor, type Authenticator, anonymous } from "../../operation/actor.ts";
import { carriedCall } from "../../operation/authentication/carried.ts";
import { credentialOf } from "../../operation/authentication/chain.ts";
import { peerCertificateOf } from "../../operation/authentication/peer-of-socket.ts";
import type { CredentialPlace } from "../../operation/authentication/place.ts";
import type { Criticality } from "../../operation/execution.ts";
import { saidOf } from "../../pipeline/away/said.ts";
import { callerLeft, signInByCertificate, verify } from "../../pipeline/sign-in.ts";
import type { Invocation } from "../../pipeline/state/invocation.ts";
import type { ShapedOutput } from "../../pipeline/state/output.ts";
import { ReplyCredentials } from "../../pipeline/state/reply-credentials.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { statusNumbers } from "../../protobuf/status-numbers.ts";
import { contractDiffers, internalTokenMissing } from "../faults.ts";
import type { GrpcLimits } from "../limits.ts";
import type { Route } from "../routes.ts";
import { type Call, frameOf } from "./call.ts";
import { Conversation } from "./conversation.ts";
import { GrpcFacts } from "./facts.ts";
import { Intake, type IntakeBound } from "./intake.ts";
import type { Metadata } from "./metadata.ts";

import { GrpcStream } from "./stream.ts";

const headBytes = 5;

/** What a call comes with. */
export interface GrpcExchange {
  readonly host: SurfaceHost;
  readonly route: Route;
  readonly call: Call;
  readonly metadata: Metadata;
  readonly address: string;
  readonly intake: IntakeBound;
  readonly limits: GrpcLimits;
  /** Whether only other services may call. */
  readonly isInside: boolean;
}

/** One call, on the way of every request. */
export class GrpcInvocation implements Invocation {
  readonly surface = "grpc";
  readonly polled = true;
  readonly #exchange: GrpcExchange;
  execution: RunningExecution | undefined = undefined;
  #carriedAddress: string | undefined = undefined;
  #intake: Intake | Conversation | undefined = undefined;
  #stream: GrpcStream | undefined = undefined;
  #prepared: { readonly output: ShapedOutput; readonly message: Buffer } | undefined = undefined;

  constructor(exchange: GrpcExchange) {
    this.#exchange = exchange;
  }

  get address(): string {
    return this.#carriedAddress ?? this.#exchange.address;
  }
  get requestId(): string | undefined {
    return this.#exchange.metadata.requestId;
  }
  get trace(): TraceParent | undefined {
    return this.#exchange.metadata.trace;
  }
  get remainingMs(): number | undefined {
    return this.#exchange.metadata.remainingMs;
  }
  get criticality(): Criticality | undefined {
    return this.#exchange.metadata.criticality;
  }
  get idempotencyKey(): string | undefined {
    return this.#exchange.metadata.idempotencyKey;
  }
  get after(): string | undefined {
    return this.#exchange.metadata.after;
  }
  get lastEventId(): string | undefined {
    return this.#exchange.metadata.lastEventId;
  }

  /** No caller of gRPC has cookies: a scheme is asked for what stands in `authorization`, or in a header of its own. */
  authenticate(execution: RunningExecution): Actor | Promise<Actor> {
    const actor = this.#signIn(execution);
    if (!this.#exchange.isInside) return actor;
    const { refusesCredentials } = this.#exchange.metadata;
    if (refusesCredentials !== undefined) {
      execution.credentials = new ReplyCredentials();
      execution.credentials.refusal = refusesCredentials;
    }
    return actor instanceof Promise ? actor.then((known) => this.#takeCarried(known)) : this.#takeCarried(actor);
  }

  /** On a port for services, a caller with other credentials is no service. Rates by address are for whom the service calls. */
  #takeCarried(actor: Actor): Actor {
    const carried = carriedCall(actor);
    if (carried === undefined) throw internalTokenMissing();
    this.#carriedAddress = carried.address;
    return actor;
  }

  #signIn(execution: RunningExecution): Actor | Promise<Actor> {
    const { host, metadata } = this.#exchange;
    const { authenticator } = host;
    if (authenticator === undefined) return anonymous;
    const textAt = ({ in: where, name }: CredentialPlace) => (where === "header" ? metadata.textAt(name) : undefined);
    const found = credentialOf(authenticator, { authorization: metadata.authorization, textAt });
    if (found === undefined) return this.#signInByPeer(execution, authenticator);
    const remembered = found.token === undefined ? undefined : authenticator.remembered(found.token);
    return remembered?.actor ?? verify(execution, authenticator, found.token);
  }

  #signInByPeer(execution: RunningExecution, authenticator: Authenticator): Actor | Promise<Actor> {
    const { socket } = this.#exchange.call.stream.session ?? {};
    if (authenticator.byCertificate === undefined || socket === undefined) return anonymous;
    return signInByCertificate(execution, authenticator, peerCertificateOf(socket));
  }

  readInput(execution: RunningExecution): Intake | Conversation {
    const { call, metadata, route, intake, limits, isInside } = this.#exchange;
    if (metadata.refused !== undefined) throw metadata.refused;
    if (metadata.contract !== undefined && metadata.contract !== route.fingerprint) this.#refuseContract();
    const isStranger = execution.actor.kind === "anonymous";
    const maxBytes = isStranger ? Math.min(limits.anonymousMessageBytes, limits.messageBytes) : limits.messageBytes;
    if (route.shape.clientStreams) {
      this.#intake = new Conversation(call, execution, { codec: route.request, maxBytes, bound: intake, isInside });
      return this.#intake;
    }
    const take = (message: Buffer) => {
      execution.input = route.request.decode(message);
    };
    this.#intake = new Intake(call, { framing: call.isFramed ? "frames" : "whole", maxBytes, bound: intake, take });
    return this.#intake;
  }

  /** A caller of another release gets our contract, and decides by it whether it can call us. */
  #refuseContract(): never {
    const { call, route, isInside } = this.#exchange;
    if (isInside) call.says = route.contract;
    throw contractDiffers(route.shape.operation);
  }

  prepare(output: ShapedOutput): void {
    this.#prepared = { output, message: this.#write(output) };
  }

  #write(output: ShapedOutput): Buffer {
    const { call, route } = this.#exchange;
    return call.isFramed ? frameOf(route.response.encode(output.value, headBytes)) : route.response.encode(output.value);
  }

  openStream(execution: RunningExecution, drained: () => void): GrpcStream {
    const { call, route, limits, isInside } = this.#exchange;
    if (isInside) call.said = saidOf(execution);
    const { incoming } = execution.streaming ?? {};
    const conversation = this.#intake instanceof Conversation ? this.#intake : undefined;
    call.begin(execution.requestId, "opens");
    const goOn = conversation && (() => conversation.goOn());
    // A service that calls for a slow client reads in steps of half a window, and looks itself at how slow its client is.
    this.#stream = new GrpcStream(call, {
      codec: route.response,
      stallMs: isInside ? limits.sendStallMs * 2 : limits.sendStallMs,
      drained,
      goOn,
    });
    // Not before the pipeline has the sink.
    if (conversation !== undefined && incoming !== undefined) queueMicrotask(() => conversation.open(incoming));
    return this.#stream;
  }

  reply(execution: RunningExecution): GrpcFacts {
    const { fault, output, requestId } = execution;
    const { call, isInside } = this.#exchange;
    if (isInside) call.said = saidOf(execution);
    if (this.#stream !== undefined) {
      this.#stream.end(execution);
      const why = fault ?? execution.streaming?.interruption;
      return this.#end(why === undefined ? 0 : statusNumbers[why.code], this.#stream.bytes);
    }
    if (fault !== undefined) {
      const bytes = call.fault(fault, requestId);
      return this.#end(statusNumbers[fault.code], bytes);
    }
    if (output === undefined) {
      call.begin(requestId);
      call.end();
      return this.#end(0, 0);
    }
    // What a record keeps was not written here.
    const message = this.#prepared?.output === output ? this.#prepared.message : this.#write(output);
    call.message(message, requestId);
    return this.#end(0, message.length);
  }

  #end(status: number, responseBytes: number): GrpcFacts {
    const { call, route } = this.#exchange;
    call.ended();
    this.#intake?.stop();
    return new GrpcFacts(route.labels.of(status), call.received, responseBytes);
  }

  /** The caller is gone: what it asked for is undone. */
  left(): void {
    const { execution } = this;
    // Every stream closes, also those that have their replies: a fault for each of them would cost as much as all the rest.
    if (execution?.settled === false) execution.stop(callerLeft());
  }
}
