import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { Fault } from "../../core/fault.ts";

/**
 * Chooses a port of 127.0.0.1: the one that was asked for; else the one of the last time, so that addresses written down stay right; else a free one.
 * *Faults thrown*: `failed_precondition` (`postgres_port_taken`, `postgres_port_refused`) for the one that was asked for.
 */
export async function choosePort(asked: number | undefined, rememberedAt: string): Promise<number> {
  if (asked !== undefined) return await tryPort(asked);
  const last = readPort(rememberedAt);
  try {
    if (last !== undefined) return await tryPort(last);
  } catch {
    // Taken since: another one will do.
  }
  const port = await tryPort(0);
  writeFileSync(rememberedAt, `${port}\n`);
  return port;
}

function readPort(path: string): number | undefined {
  try {
    const port = Number(readFileSync(path, "utf8"));
    return Number.isInteger(port) && port > 1023 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => reject(portFault(port, error)));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const free = (server.address() as AddressInfo).port;
      server.close(() => resolve(free));
    });
  });
}

function portFault(port: number, cause: NodeJS.ErrnoException): Fault {
  const taken = cause.code === "EADDRINUSE";
  return new Fault({
    code: "failed_precondition",
    type: taken ? "postgres_port_taken" : "postgres_port_refused",
    cause,
    message: taken
      ? `Port ${port} is taken by another program. Give embedded() another port, or none: then it finds a free one.`
      : `Port ${port} of 127.0.0.1 cannot be used (${cause.message}). Give embedded() a port above 1023, or none: then it finds a free one.`,
  });
}
