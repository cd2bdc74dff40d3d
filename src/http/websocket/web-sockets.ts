import type { WebSocket, WebSocketServer } from "ws";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { HttpRouter } from "../router.ts";
import type { Handshake } from "./handshake.ts";
import type { RawSocket } from "./raw-socket.ts";

/** The WebSockets of one server: which requests ask for one, and the library that reads their frames. */
export class WebSockets {
  readonly #router: HttpRouter;
  readonly #servers: ReadonlyMap<CompiledOperation, WebSocketServer>;

  private constructor(router: HttpRouter, servers: ReadonlyMap<CompiledOperation, WebSocketServer>) {
    this.#router = router;
    this.#servers = servers;
  }

  /** Loads the library, where an operation needs it; undefined where none does. *Faults thrown*: `failed_precondition` of type `ws_not_installed`. */
  static async of(router: HttpRouter): Promise<WebSockets | undefined> {
    const duplex = router.routes.filter(({ operation }) => operation.receives !== undefined);
    if (duplex.length === 0) return undefined;
    const { WebSocketServer: Server } = await load();
    const servers = duplex.map(({ operation }): [CompiledOperation, WebSocketServer] => {
      const { bytesMax = 0, protocols = [] } = operation.receives ?? {};
      const server = new Server({
        ...{ noServer: true, clientTracking: false, perMessageDeflate: false, autoPong: false, maxPayload: bytesMax },
        ...{ maxFragments: limits.webSocketFragments, closeTimeout: limits.webSocketCloseMs },
        handleProtocols: (offered: Set<string>) => protocols.find((protocol) => offered.has(protocol)) ?? false,
      } as ConstructorParameters<typeof Server>[0]);
      return [operation, server];
    });
    return new WebSockets(router, new Map(servers));
  }

  /** Whether a request is left to us, and not served as one of HTTP. */
  wants({ method = "", url = "" }: { readonly method?: string | undefined; readonly url?: string | undefined }): boolean {
    return this.#router.find(method, url.split("?", 1)[0] as string)?.route.operation.receives !== undefined;
  }

  /** Sends the end of the handshake: from then on the socket speaks frames. */
  open(operation: CompiledOperation, { key, protocols }: Handshake, { socket, head, opened: sendHead }: RawSocket): WebSocket {
    const headers = {
      ...{ upgrade: "websocket", "sec-websocket-key": key, "sec-websocket-version": "13" },
      ...(protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") }),
    };
    let opened: WebSocket | undefined;
    this.#servers.get(operation)?.handleUpgrade({ method: "GET", headers, socket } as never, socket, head, (webSocket) => {
      opened = webSocket;
      sendHead?.(webSocket.protocol);
    });
    // The library calls back at once, unless the client is gone.
    if (opened === undefined) throw new Fault({ code: "cancelled", message: "The client left before its WebSocket was open." });
    return opened;
  }
}

async function load(): Promise<typeof import("ws")> {
  try {
    return await import("ws");
  } catch (error) {
    throw new Fault({
      code: "failed_precondition",
      type: "ws_not_installed",
      message: `An operation with receives needs the package ws, and it cannot be loaded: ${messageOf(error)}. Run: npm install ws`,
      cause: error,
    });
  }
}
