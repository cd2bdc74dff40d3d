import { inspect } from "node:util";
import { keepProcess, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { Service } from "../../core/service.ts";
import { PlaceLender, type PlacesAsk } from "../../resilience/leases/place-lender.ts";
import type { App } from "../app.ts";
import { partsOf } from "../app.ts";
import { Ops } from "../ops/ops.ts";
import type { Member } from "./member.ts";
import { SupervisorOps } from "./ops/supervisor-ops.ts";
import { memberLeases } from "./rates.ts";
import { Supervisor } from "./supervisor.ts";
import { TicketSecret } from "./ticket-secret.ts";

/**
 * Runs an app in several processes, and handles the signals of this one. Never resolves: the process ends with its signals, or with a start that fails.
 * SIGTERM and SIGINT stop all, SIGHUP replaces them one after the other; on a terminal, SIGHUP means that it was closed.
 */
export async function superviseProcesses(app: App, processes: number): Promise<never> {
  keepProcess();
  const parts = partsOf(app);
  const lends = memberLeases();
  const lender = new PlaceLender<Member>({ processes, clock: systemClock, nudge: ({ channel }) => channel.tell("places") });
  const supervisorOps: SupervisorOps = new SupervisorOps(parts, () => supervisor);
  const tickets = new TicketSecret((secret) => {
    for (const { channel } of supervisor.living) channel.tell("tickets", secret);
  });
  const supervisor: Supervisor = new Supervisor({
    ...{ parts, processes, say, tickets },
    welcome: (member) => {
      supervisorOps.welcome(member);
      lends(member.channel);
      member.channel.reply("places", (asks: readonly PlacesAsk[]) => lender.exchange(member, asks));
    },
    lost: (member) => {
      supervisorOps.lost(member);
      lender.ended(member);
    },
  });
  const ops = parts.ops && new Ops(parts.ops, supervisorOps.sources);
  const shared = new SharedService(parts.shared);
  let ending = false;
  const end = async (code: number) => {
    ending = true;
    supervisorOps.stopping = true;
    if (code === 0 && supervisor.state === "ready") await pause(parts.shutdownDelayMs);
    tickets.stop();
    await supervisor.stop(parts.shutdownMs);
    await ops?.stop();
    await shared.stop();
    process.exit(process.exitCode ?? code);
  };
  const onSignal = () => {
    if (!ending) return void end(0);
    supervisor.kill();
    process.exit(1);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  process.on("SIGHUP", () => {
    if (process.stdout.isTTY) onSignal();
    else if (!ending) void reload(supervisor);
  });
  process.on("uncaughtException", (error) => {
    say(`The supervisor threw an exception that no code caught: ${inspect(error)}`);
    if (!ending) void end(1);
  });
  try {
    await shared.start();
    await supervisorOps.start();
    await ops?.start();
    supervisor.opsUrl = ops?.url;
    tickets.start();
    await supervisor.start();
  } catch (error) {
    say(error instanceof Fault ? error.message : inspect(error));
    if (!ending) await end(1);
  }
  return new Promise<never>(() => undefined);
}

/** What runs once for all processes: stopped only where it was started, after its start. */
class SharedService {
  readonly #service: Service | undefined;
  #started: Promise<void> | undefined;

  constructor(service: Service | undefined) {
    this.#service = service;
  }

  start(): Promise<void> {
    const starting = this.#service === undefined ? Promise.resolve() : this.#service.start();
    this.#started = starting;
    return starting;
  }

  async stop(): Promise<void> {
    const started = await this.#started?.then(
      () => true,
      () => false,
    );
    if (started) await this.#service?.stop().catch((error: unknown) => say(inspect(error)));
  }
}

async function reload(supervisor: Supervisor): Promise<void> {
  say(
    (await supervisor.reload())
      ? "All processes were replaced."
      : "The reload ended before all processes were replaced: a new one did not start.",
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => void systemClock.schedule(ms, resolve));
}
