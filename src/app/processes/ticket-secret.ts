import { systemClock, type Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";

/**
 * A secret that the processes of an app share for a while, of which each makes the keys of its TLS session tickets: so a client resumes its session in every
 * one of them. *Guarantees*: it is in no file and no log, and is another one after `limits.ticketSecretMs`.
 */
export class TicketSecret {
  readonly #changed: (secret: string) => void;
  #current = newSecret();
  #timer: Timer | undefined;

  /** `changed` gets every secret but the first. */
  constructor(changed: (secret: string) => void) {
    this.#changed = changed;
  }

  /** As base64. */
  get current(): string {
    return this.#current;
  }

  /** Changes it now and then, until {@link stop}. */
  start(): void {
    this.#timer = systemClock.schedule(limits.ticketSecretMs, () => {
      this.#current = newSecret();
      this.#changed(this.#current);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

const newSecret = (): string => systemClock.randomBytes(32).toString("base64");
