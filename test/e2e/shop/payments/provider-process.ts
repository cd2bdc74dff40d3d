import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Temper } from "../../../../examples/shop/provider.ts";

const program = fileURLToPath(new URL("../../../../examples/shop/provider.ts", import.meta.url));

/** How the provider's process is started. */
export interface ProviderProcessSpec {
  readonly books: string;
  readonly port?: number;
  readonly temper?: Partial<Temper>;
  readonly seed?: number;
  readonly notify?: { readonly url: string; readonly secret: string };
}

/** The payment provider in a process of its own, as the shop runs it. */
export class ProviderProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start({ books, port = 0, temper = {}, seed = 1, notify }: ProviderProcessSpec): Promise<ProviderProcess> {
    const notifies = notify && { NOTIFY_URL: notify.url, NOTIFY_SECRET: notify.secret };
    const child = fork(program, {
      execArgv: ["--conditions=source"],
      env: { BOOKS: books, PORT: `${port}`, TEMPER: JSON.stringify(temper), SEED: `${seed}`, ...notifies },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [{ url }] = (await once(child, "message")) as [{ readonly url: string }];
    return new ProviderProcess(url, child);
  }

  /** Kills it at once, as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
