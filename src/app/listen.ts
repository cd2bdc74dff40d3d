import type { AddressInfo, Server as NetServer } from "node:net";
import { Fault } from "../core/fault.ts";

/** Begins to listen. *Faults thrown*: `failed_precondition` that says what to do where the port cannot be had. */
export function listen(server: NetServer, at: { readonly port: number; readonly host: string; readonly what: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `${at.port} is in use by another program. Stop it, or choose another port.`,
        EACCES: `${at.port} needs more rights than this process has. Choose a port above 1023.`,
        EADDRNOTAVAIL: `${at.host} is not an address of this machine. Choose 127.0.0.1, 0.0.0.0 or an address of this machine.`,
      };
      const reason = reasons[cause.code ?? ""] ?? `${at.host}:${at.port} cannot be used: ${cause.message}. Choose another address or port.`;
      reject(new Fault({ code: "failed_precondition", type: "port_unavailable", message: `${at.what} ${reason}`, cause }));
    });
    server.listen({ port: at.port, host: at.host, backlog: 4096 }, resolve);
  });
}

/** Where a server that listens can be reached. `host`: the address that it was given. */
export function urlOf(server: NetServer, host: string, protocol = "http"): string {
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}

/** The same for a public port: an address that means all addresses is shown as `localhost`. */
export function publicUrlOf(server: NetServer, host: string, protocol?: "http" | "https"): string {
  return urlOf(server, host === "0.0.0.0" || host === "::" ? "localhost" : host, protocol);
}
