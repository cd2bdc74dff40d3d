import type { BodyReader } from "../body.ts";
import type { Cors } from "../cors/cors.ts";
import type { HttpHost } from "../credentials/credential-fields.ts";
import type { ServerHeaders } from "../headers/security.ts";
import type { LeanRequest } from "../lean-request.ts";
import type { Proxies } from "../peer/proxies.ts";
import type { HttpReply } from "../reply/reply.ts";
import type { HttpRouter } from "../router.ts";
import type { WebSockets } from "../websocket/web-sockets.ts";
import type { LeanResponse } from "./lean-response.ts";
import type { ListenerLimits } from "./listener-limits.ts";

/** What a listener needs: its host, its router and its limits. */
export interface ListenerOptions {
  readonly host: HttpHost;
  readonly router: HttpRouter;
  readonly bodies: BodyReader;
  readonly limits: ListenerLimits;
  /** Whose word about the caller's address counts. */
  readonly proxies: Proxies | undefined;
  /** Documents and pages that are no operations, by path. */
  readonly pages: ReadonlyMap<string, HttpReply>;
  /** Which pages of other origins may read replies; undefined where none may. */
  readonly cors: Cors | undefined;
  /** What opens WebSockets; undefined where no operation has them. */
  readonly webSockets?: WebSockets | undefined;
  /** The headers of this server, where they are not the usual ones. */
  readonly own: ServerHeaders | undefined;
}

/** One request and the way to answer it. */
export interface HttpTurn {
  readonly request: LeanRequest;
  readonly response: LeanResponse;
}
