// Frames of HTTP/2 as a test writes them, over TLS: also those that no client of node:http2 would send.
import type { TLSSocket } from "node:tls";
import { secure } from "../tls/secure.ts";

/** The types of frames. *Source*: RFC 9113 §6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
/** Their flags. */
export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** One frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame([type, flag, id]: readonly [type: number, flags: number, id: number], payload: Uint8Array | string = ""): Buffer {
  const bytes = Buffer.from(payload as string, "latin1");
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** One setting. */
export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(0, id), uint32(value)]);
}

/** Writes fields as literals that no table keeps. *Source*: RFC 7541 §6.2.2. */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (part: string) => {
    const bytes = Buffer.from(part, "latin1");
    return Buffer.concat([length(bytes.length), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** An integer with a prefix of seven bits. *Source*: RFC 7541 §5.1. */
function length(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let left = value - 127;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.of(...bytes, left);
}

/** The fields of a usual request. */
export function fieldsOf(method: string, path: string, more: readonly (readonly [string, string])[] = []) {
  return [[":method", method], [":scheme", "https"], [":path", path], [":authority", "shop.test"], ...more] as const;
}

/** A connection that sends exactly the frames that a test writes. */
export class FrameWire implements Disposable {
  readonly socket: TLSSocket;
  readonly closed: Promise<unknown>;
  #bytes: Buffer = Buffer.alloc(0);
  readonly frames: Frame[] = [];
  #wake: () => void = () => undefined;
  #isOver = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.#isOver = true;
        this.#wake();
        resolve(undefined);
      };
      socket.once("close", over);
      socket.once("end", over);
    });
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
  }

  /** `greets`: sends the preface, settings and the acknowledgement of those of the server. */
  static async open(
    port: number,
    { greets = true, settings = Buffer.alloc(0) }: { readonly greets?: boolean; readonly settings?: Uint8Array } = {},
  ): Promise<FrameWire> {
    const socket = await secure(port, { ALPNProtocols: ["h2"] });
    const wire = new FrameWire(socket);
    if (greets) wire.send(Buffer.from(preface), frame([frameTypes.settings, 0, 0], settings), frame([frameTypes.settings, flags.ack, 0]));
    return wire;
  }

  send(...frames: readonly Uint8Array[]): this {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Sends, and resolves when the system has it. */
  async give(bytes: Uint8Array): Promise<void> {
    if (!this.socket.writable) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.write(bytes, () => resolve());
    await Promise.race([promise, this.closed]);
  }

  /** The first frame that fits, of those that came and those that come; undefined where the connection ends without one. */
  async find(fits: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (let at = 0; ; ) {
      for (; at < this.frames.length; at++) if (fits(this.frames[at] as Frame)) return this.frames[at];
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The code of the GOAWAY that is no farewell; undefined where the connection ends without one. */
  async goaway(): Promise<number | undefined> {
    const found = await this.find(({ type, payload }) => type === frameTypes.goaway && payload.readUInt32BE(4) !== 0);
    return found?.payload.readUInt32BE(4);
  }

  /** The code with which a stream was reset. */
  async reset(id: number): Promise<number | undefined> {
    return (await this.find((one) => one.type === frameTypes.reset && one.id === id))?.payload.readUInt32BE(0);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 9) {
      const size = this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < 9 + size) break;
      const payload = this.#bytes.subarray(9, 9 + size);
      this.frames.push({ type: this.#bytes[3] as number, flags: this.#bytes[4] as number, id: this.#bytes.readUInt32BE(5), payload });
      this.#bytes = this.#bytes.subarray(9 + size);
    }
    this.#wake();
  }
}
