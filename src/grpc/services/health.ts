import { Fault } from "../../core/fault.ts";
import { endWith, type OwnCall, readMessages, sendParts, textsOf } from "./own-call.ts";

const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

/** `grpc.health.v1.Health`: every service is served until the process stops. */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #watching = new Set<OwnCall>();
  #isStopping = false;

  /** `services`: the full names of those that are served. */
  constructor(services: Iterable<string>) {
    this.#services = new Set(["", ...services]);
  }

  check(own: OwnCall): void {
    let service: string | undefined;
    readMessages(
      own,
      (message) => {
        service = textsOf(message).get(1) ?? "";
      },
      () => {
        if (!this.#services.has(service ?? "")) return endWith(own, unknownService(service ?? ""));
        sendParts(own, [[1, this.#status]]);
        own.call.end();
        own.call.ended();
      },
    );
  }

  watch(own: OwnCall): void {
    readMessages(
      own,
      (message) => {
        const service = textsOf(message).get(1) ?? "";
        sendParts(own, [[1, this.#services.has(service) ? this.#status : serviceUnknown]]);
        if (this.#isStopping) return endWith(own, stopping());
        this.#watching.add(own);
        own.call.stream.once("close", () => this.#watching.delete(own));
      },
      () => undefined,
    );
  }

  get #status(): number {
    return this.#isStopping ? notServing : serving;
  }

  /** From now on nothing is served; watching callers get that too, and are let go of. */
  stopping(): void {
    this.#isStopping = true;
    for (const own of this.#watching) {
      sendParts(own, [[1, notServing]]);
      endWith(own, stopping());
    }
    this.#watching.clear();
  }
}

const unknownService = (service: string): Fault =>
  new Fault({
    code: "not_found",
    message: `There is no service ${service.slice(0, 200)}. Ask for one by its full name, or for all with an empty name.`,
  });

const stopping = (): Fault =>
  new Fault({ code: "unavailable", type: "shutting_down", message: "The process stops. Connect to another one." });
