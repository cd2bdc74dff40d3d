/** Of each message so much is kept: the name and the text of a statement are in front. *Units*: bytes. */
const keptBytes = 65_536;
const greetingBytes = 8;
const headerBytes = 5;
/** Requests to encrypt, which the greeting follows. */
const encryptionCodes = new Set([80_877_103, 80_877_104]);
const protocol3 = 3;

/**
 * Follows what a client of PostgreSQL sends on one connection, and knows the texts of the statements that it runs by their names: a statement that
 * is prepared is sent with its text once, and with its name each later time.
 * *Guarantees*: of a client that speaks otherwise, nothing is kept after its first bytes.
 */
export class PreparedTexts {
  readonly #texts = new Map<string, string>();
  #state: "greeting" | "messages" | "other" = "greeting";
  #message = Buffer.alloc(0);
  /** How much of the message is still to come; undefined where its header has not come. */
  #toCome: number | undefined;

  /** Takes the next bytes, and returns the texts of those statements that they run by name. */
  read(bytes: Buffer): readonly string[] {
    const run: string[] = [];
    for (let rest = bytes; rest.length > 0 && this.#state !== "other"; ) {
      const header = this.#state === "greeting" ? greetingBytes : headerBytes;
      const wanted = this.#toCome ?? header - this.#message.length;
      const taken = rest.subarray(0, wanted);
      rest = rest.subarray(taken.length);
      if (this.#message.length < keptBytes) this.#message = Buffer.concat([this.#message, taken]);
      if (this.#toCome !== undefined) this.#toCome -= taken.length;
      else if (this.#message.length === header) this.#begin();
      if (this.#toCome === 0) this.#end(run);
    }
    return run;
  }

  /** A header is there, with the length of what follows. */
  #begin(): void {
    const message = this.#message;
    const isGreeting = this.#state === "greeting";
    const length = message.readUInt32BE(isGreeting ? 0 : 1);
    const code = isGreeting ? message.readUInt32BE(4) : 0;
    const isKnown = !isGreeting || code >>> 16 === protocol3 || encryptionCodes.has(code);
    this.#toCome = length - (isGreeting ? greetingBytes : headerBytes - 1);
    if (!isKnown || this.#toCome < 0) this.#forget();
  }

  #end(run: string[]): void {
    const message = this.#message;
    this.#message = Buffer.alloc(0);
    this.#toCome = undefined;
    if (this.#state === "greeting") {
      if (!encryptionCodes.has(message.readUInt32BE(4))) this.#state = "messages";
      return;
    }
    const kind = String.fromCharCode(message[0] ?? 0);
    if (kind !== "P" && kind !== "B") return;
    const [first = "", second = ""] = message.toString("latin1", headerBytes).split("\0", 2);
    // Parse has the name and then the text; Bind has the portal and then the name.
    if (kind === "P") this.#texts.set(first, second);
    else if (second !== "") run.push(this.#texts.get(second) ?? "");
  }

  #forget(): void {
    this.#state = "other";
    this.#message = Buffer.alloc(0);
    this.#texts.clear();
  }
}
