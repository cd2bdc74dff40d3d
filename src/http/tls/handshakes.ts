import type { Socket } from "node:net";
import { limits as bounds } from "../../core/limits.ts";
import { Bound } from "../../core/load-line/bound.ts";
import type { LoadLine, RefusalCount } from "../../core/load-line/load-line.ts";

/** What bounds the {@link Handshakes} of a server. */
export interface HandshakeLimits {
  readonly handshakes: number;
  readonly handshakesPerAddress: number;
}

interface Load {
  inFlight: number;
  /** Those above the limit of the address, while it is only measured. */
  over: number;
}

interface Handshake {
  readonly address: string;
  readonly load: Load;
  readonly since: number;
  readonly era: number;
  readonly ofAddress: number;
}

/**
 * The handshakes of a server that are not done yet, all of them and by address. They keep memory and no request is known of them.
 *
 * If there is no room for another, one that has lasted for long gives way: of the address with the most. Others are at work, and the new one is refused.
 */
export class Handshakes {
  readonly #all: Bound;
  readonly #each: Bound;
  readonly #givenUp: RefusalCount;
  readonly #open = new Map<Socket, Handshake>();
  readonly #loads = new Map<string, Load>();
  #over = 0;

  constructor({ handshakes, handshakesPerAddress }: HandshakeLimits) {
    this.#all = new Bound({
      ...{ name: "TLS handshakes", unit: "handshakes", declared: handshakes, now: () => this.#open.size },
      recount: () => {
        this.#over = 0;
      },
    });
    this.#each = new Bound({
      ...{ name: "TLS handshakes per address", unit: "handshakes of one address", declared: handshakesPerAddress },
      recount: () => {
        for (const load of this.#loads.values()) load.over = 0;
      },
    });
    this.#givenUp = this.#all.line.reason("given_up");
  }

  get lines(): readonly LoadLine[] {
    return [this.#all.line, this.#each.line];
  }

  get size(): number {
    return this.#open.size;
  }

  list(): Iterable<Socket> {
    return this.#open.keys();
  }

  /** Whether one more may begin. `address`: undefined where it stands for many, as that of a proxy. *Units*: `now` is in monotonic milliseconds. */
  begins(socket: Socket, address: string | undefined, now: number): boolean {
    const load = this.#loads.get(address ?? "") ?? { inFlight: 0, over: 0 };
    const ofAddress = address === undefined ? 0 : this.#each.judge(load.inFlight - load.over);
    if (ofAddress === undefined) return false;
    if (this.#open.size - this.#over >= this.#all.limit) this.#makeRoom(now);
    const era = this.#all.judge(this.#open.size - this.#over);
    if (era === undefined) return false;
    this.#open.set(socket, { address: address ?? "", load, since: now, era, ofAddress });
    this.#loads.set(address ?? "", load);
    if (era > 0) this.#over++;
    if (ofAddress > 0) load.over++;
    this.#all.line.admits(this.#open.size);
    this.#each.line.admits(++load.inFlight);
    return true;
  }

  /** It is done, or its connection is closed. */
  ended(socket: Socket): void {
    const handshake = this.#open.get(socket);
    if (handshake === undefined) return;
    this.#open.delete(socket);
    const { address, load, era, ofAddress } = handshake;
    if (this.#all.isApart(era)) this.#over--;
    if (this.#each.isApart(ofAddress)) load.over--;
    if (--load.inFlight === 0) this.#loads.delete(address);
  }

  #makeRoom(now: number): void {
    const before = now - bounds.handshakeStallMs;
    let stalled: readonly [Socket, Handshake] | undefined;
    // The oldest come first.
    for (const [socket, handshake] of this.#open) {
      if (handshake.since > before) break;
      if (stalled === undefined || handshake.load.inFlight > stalled[1].load.inFlight) stalled = [socket, handshake];
    }
    if (stalled === undefined || this.#all.line.mode === "off" || !this.#all.line.refuses(this.#givenUp)) return;
    this.ended(stalled[0]);
    stalled[0].destroy();
  }
}
