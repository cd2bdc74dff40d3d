import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { type Clock, sleep } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";

/**
 * Below the ports that systems give to outgoing connections (Linux 32768 to 60999, others 49152 to 65535) and to services of Kubernetes (30000 to 32767).
 * From among the former, a connection of another program could take the port while the server is down, even the one of a client that asks whether it is back:
 * the server would come back elsewhere, and a program that has its address would never find it.
 */
const [lowestPort, portCount] = [20_000, 10_000];
const drawings = 20;
const lookEveryMs = 50;

/**
 * Chooses a port of 127.0.0.1: the one that was asked for; else the one of the last time, so that addresses written down stay right; else a free one
 * that no outgoing connection is given.
 * *Faults thrown*: `failed_precondition` (`postgres_port_taken`, `postgres_port_refused`) for the one that was asked for.
 */
export async function choosePort(asked: number | undefined, rememberedAt: string, clock: Clock): Promise<number> {
  if (asked !== undefined) return await tryPort(asked);
  const last = readPort(rememberedAt);
  if (last !== undefined && (await becomesFree(last, clock))) return last;
  // Another program has taken the port since: choose another one.
  const port = await freePort(clock);
  writeFileSync(rememberedAt, `${port}\n`);
  return port;
}

/**
 * Whether a port is free, or becomes so soon. A process of a server that was killed may hold it for a moment longer; programs that have the address would
 * never find a server that came back elsewhere.
 */
async function becomesFree(port: number, clock: Clock): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    if (await tryPort(port).catch(() => false)) return true;
    if (waitedMs >= limits.embeddedPortWaitMs) return false;
    await sleep(clock, lookEveryMs);
  }
}

async function freePort(clock: Clock): Promise<number> {
  for (let drawing = 0; drawing < drawings; drawing++) {
    const port = lowestPort + Math.floor(clock.random() * portCount);
    const isFree = await tryPort(port).catch(() => false);
    if (isFree) return port;
  }
  return await tryPort(0);
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
