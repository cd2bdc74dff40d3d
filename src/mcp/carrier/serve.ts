import assert from "node:assert";
import { Fault, toFault } from "../../core/fault.ts";
import { current } from "../../pipeline/pipeline.ts";
import { takeRate } from "../../pipeline/rate.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { originRefused, requestInvalid, responseUnasked } from "../faults.ts";
import type { Asking } from "../run/asking.ts";
import { methodOf } from "../run/methods.ts";
import { Running } from "../run/running.ts";
import { Sessions } from "../run/session.ts";
import type { Server } from "../server.ts";
import { type Client, clientOf } from "./client.ts";
import { Events } from "./events.ts";
import { isFields, type Message, type RpcId, readMessage } from "./message.ts";
import { mayAsk } from "./origin.ts";
import { accepted, errorReply, resultReply } from "./reply.ts";
import { onlyPost } from "./routes.ts";
import { legacyVersions } from "./versions.ts";

/** Methods whose results clients may keep. */
const kept: ReadonlySet<string> = new Set([
  ...["server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read", "prompts/list"],
]);

/** What the server may ask of the client of a session. */
const asked = ["elicitation", "sampling", "roots"] as const;

/** Serves requests: each brings one message. */
export class Endpoint {
  readonly #server: Server;
  readonly #running = new Running();

  constructor(server: Server) {
    this.#server = server;
  }

  async serve(request: Request): Promise<Response> {
    const carrier = current.getStore();
    assert(carrier !== undefined, "a request of MCP is an execution");
    return new Exchange(this.#server, { running: this.#running, carrier, request }).outcome(request);
  }

  /** Serves the events of a session that belong to no request. */
  async listen(request: Request): Promise<Response> {
    const carrier = current.getStore();
    assert(carrier !== undefined, "a request of MCP is an execution");
    return new Exchange(this.#server, { running: this.#running, carrier, request }).events(request);
  }
}

/** One request and its reply. */
class Exchange {
  readonly #server: Server;
  readonly #running: Running;
  readonly #carrier: RunningExecution;
  #id: RpcId | undefined;
  /** Whether what is refused now is refused by a status, as all that comes before its method is known. */
  #byStatus = true;
  #era: Client["era"] = "modern";

  readonly #events: Events;

  constructor(server: Server, { running, carrier, request }: { running: Running; carrier: RunningExecution; request: Request }) {
    this.#server = server;
    this.#running = running;
    this.#carrier = carrier;
    this.#events = new Events(request.headers.get("accept"), carrier.signal);
  }

  /** The reply: JSON, or events from the first message on that stands in front of the result. */
  async outcome(request: Request): Promise<Response> {
    const events = this.#events;
    const replied = this.#reply(request);
    const first = await Promise.race([events.begun, replied]);
    if (!events.isBegun) return first;
    void replied
      .catch((thrown: unknown) => this.#failed(thrown))
      .then((reply) => reply.text())
      .then((text) => events.end(text));
    return events.begun;
  }

  async events(request: Request): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    const events = this.#events;
    const { terms, follows } = this.#server;
    if (!follows || sessionId === null || !events.isPossible) return onlyPost();
    this.#era = "legacy";
    try {
      await this.#admit(request);
      await this.#charge();
      const { id } = new Sessions(this.#carrier).open(sessionId);
      terms.follows.open(terms, id, { carrier: this.#carrier, talk: events, signal: events.ended, end: () => events.end() });
      events.keepAlive(this.#carrier.host.clock, terms.limits.heartbeatMs);
      events.open();
      return await events.begun;
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      return this.#refuse(thrown);
    }
  }

  /** *Faults thrown*: `mcp_origin_refused`, and `unauthenticated` where strangers are refused. */
  async #admit(request: Request): Promise<void> {
    const { origins, signedIn, runtime } = this.#server.terms;
    if (!mayAsk(request, origins)) throw await this.#charged(originRefused());
    if (signedIn && this.#carrier.actor.kind === "anonymous")
      throw await this.#charged(runtime.options.scheme.missing("any signed-in caller"));
  }

  async #reply(request: Request): Promise<Response> {
    try {
      return await this.#serve(request);
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      return this.#refuse(thrown);
    }
  }

  /** Reports what failed behind the begin of its reply, of which the signal of the request says nothing any more. */
  #failed(error: unknown): Response {
    const { host, operation, requestId, traceId, spanId } = this.#carrier;
    const message = "A call over MCP failed behind the begin of its events. Its cause is a bug.";
    host.signals.logged.publish({
      ...{ level: "error", message, fields: { error }, at: host.clock.now() },
      ...{ operation, requestId, traceId, spanId },
    });
    return this.#refuse(toFault(error));
  }

  async #serve(request: Request): Promise<Response> {
    const { limits } = this.#server.terms;
    await this.#admit(request);
    let message: Message;
    let client: Client;
    try {
      message = await readMessage(request, limits.requestValues, (id) => {
        this.#id = id;
      });
      client = clientOf(message, request.headers, new Sessions(this.#carrier));
    } catch (thrown) {
      throw thrown instanceof Fault ? await this.#charged(thrown) : thrown;
    }
    if (message.id === undefined) return this.#notified(message, client);
    const talk = this.#events;
    // A client that takes no events cannot be asked in front of a result.
    if (client.era === "legacy" && !talk.isPossible) client = { ...client, capabilities: {} };
    return this.#respond({ carrier: this.#carrier, client, message: { ...message, id: message.id }, talk, signal: talk.ended });
  }

  async #respond(asking: Asking): Promise<Response> {
    const { client, message } = asking;
    this.#era = client.era;
    if (client.era === "legacy" && message.method === "initialize") return this.#initialize(message.id, message.params);
    let result: object;
    try {
      this.#byStatus = false;
      const method = methodOf(asking);
      if (method.starts !== true) await this.#charge();
      result = await this.#running.track(asking, (tracked) => method.run(this.#server, tracked));
    } catch (thrown) {
      if (thrown instanceof Fault && statuses(client).has(thrown.type)) this.#byStatus = true;
      if (thrown instanceof Fault && thrown.type.startsWith("mcp_")) throw await this.#charged(thrown);
      throw thrown;
    }
    // What asks its client has started no operation.
    if ("resultType" in result && result.resultType === "input_required") await this.#charge();
    return resultReply(message.id, client.era === "modern" ? this.#modern(result, message.method as string) : result);
  }

  /** Adds what each result of the modern era says. */
  #modern(result: object, method: string): object {
    const { identity, limits } = this.#server.terms;
    const { _meta: meta, ...rest } = result as { readonly _meta?: object };
    const isRead = method === "resources/read";
    return {
      resultType: "complete",
      ...rest,
      ...(kept.has(method) && { ttlMs: isRead ? 0 : limits.listFreshMs, cacheScope: isRead ? "private" : "public" }),
      _meta: { ...meta, "io.modelcontextprotocol/serverInfo": identity },
    };
  }

  async #initialize(id: RpcId, { protocolVersion, capabilities }: Message["params"]): Promise<Response> {
    await this.#charge();
    const version = legacyVersions.find((known) => known === protocolVersion) ?? (legacyVersions[0] as string);
    const able = asked.filter((name) => isFields(capabilities) && isFields(capabilities[name]));
    return resultReply(id, this.#server.initialized(version), { "mcp-session-id": new Sessions(this.#carrier).begin(version, able) });
  }

  async #notified({ method, params, response }: Message, client: Client): Promise<Response> {
    await this.#charge();
    if (response !== undefined) {
      if (client.era === "modern") throw requestInvalid("The message is a response, and the server has asked nothing.");
      const { id, result = "declined" } = response;
      if (!this.#server.terms.questions.respond(client.session ?? "", id, result)) throw responseUnasked();
    }
    if (method === "notifications/cancelled" && client.session !== undefined) this.#running.cancel(client.session, params.requestId);
    return accepted();
  }

  async #charge(): Promise<void> {
    await takeRate(this.#carrier, this.#carrier.caller ?? "");
  }

  /** What starts no operation is charged to its caller all the same; the refusal of the rate is the better one. */
  async #charged(fault: Fault): Promise<Fault> {
    await this.#charge();
    return fault;
  }

  #refuse(fault: Fault): Response {
    const { metadataUrl, runtime } = this.#server.terms;
    const isSignIn = fault.code === "unauthenticated";
    const head = isSignIn ? { "www-authenticate": challengeOf(runtime.options.scheme.challenge(fault), metadataUrl) } : {};
    const byStatus = this.#byStatus || isSignIn;
    return errorReply(fault, { id: this.#id, requestId: this.#carrier.requestId, era: this.#era, byStatus, head });
  }
}

/** What is refused by a status although its method is known. */
const statuses = ({ era }: Client): ReadonlySet<string> =>
  new Set(era === "modern" ? ["mcp_method_unknown", "mcp_capability_missing", "rate_limited"] : ["rate_limited"]);

/** *Source*: RFC 9728 section 5.1. */
function challengeOf(challenge: string, metadataUrl: string | undefined): string {
  if (metadataUrl === undefined) return challenge;
  const own = `Bearer resource_metadata="${metadataUrl}"`;
  const [, parameters] = /^Bearer(?: (.*))?$/.exec(challenge) ?? [undefined, undefined];
  if (!challenge.startsWith("Bearer")) return `${own}, ${challenge}`;
  return parameters === undefined ? own : `${own}, ${parameters}`;
}
