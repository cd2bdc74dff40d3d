/** What a pooler that keeps prepared statements does between a client and a backend, as PgBouncer with `max_prepared_statements`. */

/** The statements of a client, by its names for them: what follows the name in the message that prepared it. */
export type ClientStatements = Map<string, Buffer>;

/** What happens to the next "prepared" or "closed" of a backend: it goes to the client, or the pooler asked for it, or the client takes it for the other. */
type Next = "pass" | "swallow" | "as prepared" | "sync";

const code = (letter: string): number => letter.charCodeAt(0);
const [parse, bind, describe, close, sync, query] = ["P", "B", "D", "C", "S", "Q"].map(code);
const [prepared, closed, ready] = ["1", "3", "Z"].map(code);

function message(letter: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.alloc(5);
  head.write(letter);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Cuts a text off that ends with a zero. */
function text(bytes: Buffer): readonly [text: string, rest: Buffer] {
  const end = bytes.indexOf(0);
  return [bytes.toString("utf8", 0, end), bytes.subarray(end + 1)];
}

/** One backend as such a pooler knows it: statements of one text are one, whichever clients prepared them. */
export class KeptStatements {
  readonly #names = new Map<string, string>();
  #next: { readonly next: Next; readonly key?: string }[] = [];

  /** What goes to the backend in the place of a message of a client. */
  fromClient(client: ClientStatements, bytes: Buffer): Buffer {
    const [letter, body] = [bytes[0], bytes.subarray(5)];
    if (letter === sync || letter === query) this.#next.push({ next: "sync" });
    if (letter === parse) {
      const [name, statement] = text(body);
      if (name === "") return this.#sent(bytes, "pass");
      client.set(name, statement);
      const key = statement.toString("latin1");
      // It has it: the client gets the response to what does nothing.
      return this.#names.has(key) ? this.#sent(message("C", Buffer.from("S"), "none"), "as prepared") : this.#prepare(statement, "pass");
    }
    if (letter === bind) {
      const [portal, rest] = text(body);
      const [name, values] = text(rest);
      return name === "" ? bytes : this.#with(client, name, (known) => message("B", portal, known, values));
    }
    if (letter === describe && body[0] === code("S") && body[1] !== 0)
      return this.#with(client, text(body.subarray(1))[0], (known) => message("D", Buffer.from("S"), known));
    return letter === close ? this.#sent(bytes, "pass") : bytes;
  }

  /** What goes to the client; undefined where it did not ask for it. */
  fromBackend(bytes: Buffer): Buffer | undefined {
    if (bytes[0] === ready) {
      // What an error skipped was not prepared.
      for (let next = this.#next.shift(); next !== undefined && next.next !== "sync"; next = this.#next.shift())
        if (next.key !== undefined) this.#names.delete(next.key);
      return bytes;
    }
    if (bytes[0] !== prepared && bytes[0] !== closed) return bytes;
    const { next } = this.#next.shift() ?? {};
    if (next === "swallow") return undefined;
    return next === "as prepared" ? message("1") : bytes;
  }

  #sent(bytes: Buffer, next: Next): Buffer {
    this.#next.push({ next });
    return bytes;
  }

  #prepare(statement: Buffer, next: Next): Buffer {
    const key = statement.toString("latin1");
    const name = `kept_${this.#names.size}_${key.length}`;
    this.#names.set(key, name);
    this.#next.push({ next, key });
    return message("P", name, statement);
  }

  #with(client: ClientStatements, name: string, made: (known: string) => Buffer): Buffer {
    const statement = client.get(name) ?? Buffer.from("select 'not prepared'\0\0\0", "latin1");
    const key = statement.toString("latin1");
    const first = this.#names.has(key) ? Buffer.alloc(0) : this.#prepare(statement, "swallow");
    return Buffer.concat([first, made(this.#names.get(key) ?? "")]);
  }
}
