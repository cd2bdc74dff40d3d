import { stat } from "node:fs/promises";
import type { Timer } from "../../core/clock.ts";
import { limits as bounds } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { filesOf, readSecrets } from "./secrets.ts";
import type { HttpTls, Secrets } from "./tls-options.ts";

/** What a server needs to keep its certificate up to date. */
export interface CertificatesOptions {
  readonly tls: HttpTls;
  readonly runtime: Pick<Runtime, "clock" | "signals" | "metrics">;
  /** Which of several names of the server it is for. *Default*: all others. */
  readonly name?: string;
  /** Handshakes that begin from now on use these. */
  readonly replaced: (secrets: Secrets) => void;
}

/**
 * The certificate and key of a server, read again when a file changes.
 * *Guarantees*: what cannot be used replaces nothing: the log has a warning, and the files are read again when they change, and each time they are looked at
 * until they can be used.
 */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #files: readonly string[];
  #current: Secrets;
  /** Of the files when they were last read with success. */
  #stamp: string | undefined;
  #warned: string | undefined;
  #timer: Timer | undefined;
  #unshow: (() => void) | undefined;

  /** *Faults thrown*: `failed_precondition` of type `tls_invalid`. */
  constructor(options: CertificatesOptions) {
    this.#options = options;
    this.#files = filesOf(options.tls);
    this.#current = readSecrets(options.tls, options.runtime.clock.now(), options.name);
  }

  get current(): Secrets {
    return this.#current;
  }

  /** Looks at the files now and then, until {@link stop}. */
  watch(): void {
    this.#unshow ??= this.#options.runtime.metrics.gauge({
      name: "plimsoll_certificate_expiry_timestamp_seconds",
      help: "When a certificate of the HTTP port ends, since the Unix epoch.",
      labels: ["name"],
      read: () => [{ labels: [this.#options.name ?? "default"], value: this.#current.validUntil / 1_000 }],
    });
    if (this.#files.length === 0) return;
    this.#timer = this.#options.runtime.clock.schedule(bounds.certificateCheckMs, () => void this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unshow?.();
    this.#unshow = undefined;
  }

  async #look(): Promise<void> {
    const stamp = await this.#stampOf();
    // Stopped meanwhile.
    if (this.#timer === undefined) return;
    if (stamp === undefined || stamp !== this.#stamp) this.#readAgain(stamp);
    this.watch();
  }

  #readAgain(stamp: string | undefined): void {
    const { tls, runtime, replaced, name } = this.#options;
    try {
      const secrets = readSecrets(tls, runtime.clock.now(), name);
      this.#stamp = stamp;
      this.#warned = undefined;
      if (secrets.digest === this.#current.digest) return;
      this.#current = secrets;
      replaced(secrets);
      this.#log("info", "The certificate of the HTTP port was replaced.", { validUntil: new Date(secrets.validUntil).toISOString() });
    } catch (error) {
      const reason = messageOf(error);
      // One file may have been replaced a moment before the other.
      if (this.#warned === reason) return;
      this.#warned = reason;
      this.#log("warn", "The changed certificate of the HTTP port cannot be used, and the one before stays in use.", { error: reason });
    }
  }

  /** Changes if a file was written, or is another one. */
  async #stampOf(): Promise<string | undefined> {
    try {
      const facts = await Promise.all(this.#files.map((file) => stat(file)));
      return facts.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join();
    } catch {
      return undefined;
    }
  }

  #log(level: "info" | "warn", message: string, fields: Readonly<Record<string, unknown>>): void {
    const { clock, signals } = this.#options.runtime;
    const ids = { requestId: "", traceId: "", spanId: "" };
    const { name } = this.#options;
    signals.logged.publish({
      level,
      message,
      fields: name === undefined ? fields : { ...fields, name },
      at: clock.now(),
      operation: "plimsoll.http",
      ...ids,
    });
  }
}
