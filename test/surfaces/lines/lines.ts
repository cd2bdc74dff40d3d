import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import {
  type CompiledOperation,
  callerLeft,
  Fault,
  type Operation,
  type Report,
  type RunningExecution,
  type Surface,
  type SurfaceHost,
} from "plimsoll/ports";
import { LineInvocation } from "./line-invocation.ts";
import { readLine, writeFault } from "./line-text.ts";

const lineBytes = 8_192;

/** A toy: operations by their words, a line each, over a socket. */
export function lines(words: Readonly<Record<string, Operation>>): Surface {
  return new LineSurface(words);
}

class LineSurface implements Surface {
  readonly name = "lines";
  readonly #words: Readonly<Record<string, Operation>>;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #host: SurfaceHost | undefined;
  url: string | undefined;

  constructor(words: Readonly<Record<string, Operation>>) {
    this.#words = words;
    this.#server = createServer((socket) => this.#connected(socket));
  }

  compile(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
    for (const [word, operation] of Object.entries(this.#words)) {
      if (!/^[A-Z]{1,20}$/.test(word)) report(operation.name, "lines", `"${word}" is not a word. Write 1 to 20 capital letters.`);
      if (!declared.includes(operation)) report(operation.name, "lines", `No module has the operation of ${word}. Add its module.`);
      for (const [field, schema] of Object.entries(operations.get(operation.name)?.output.outputJson.properties ?? {}))
        if (!["string", "number", "integer"].includes(schema.type)) report(operation.name, `output.${field}`, "No line has such a field.");
    }
  }

  async start(host: SurfaceHost): Promise<void> {
    this.#host = host;
    await new Promise<void>((resolve) => void this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `lines://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.end();
  }

  #connected(socket: Socket): void {
    const running = new Set<RunningExecution>();
    this.#sockets.add(socket);
    socket.setEncoding("utf8").on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      for (const execution of running) execution.stop(callerLeft());
    });
    let rest = "";
    socket.on("data", (text: string) => {
      const complete = (rest + text).split("\n");
      rest = complete.pop() ?? "";
      if (rest.length > lineBytes) return void socket.destroy();
      for (const line of complete) this.#accept(line, socket, running);
    });
  }

  #accept(line: string, socket: Socket, running: Set<RunningExecution>): void {
    const { runtime } = this.#host!;
    const address = socket.remoteAddress ?? "";
    const request = readLine(line);
    const operation = request && Object.hasOwn(this.#words, request.word) ? this.#words[request.word] : undefined;
    if (request === undefined || operation === undefined) {
      const unknown = new Fault({ code: "not_found", type: "word_unknown", message: "There is no such word. Send one that is served." });
      const refuse = async () => socket.write(`${request?.id ?? 0} ${writeFault((await runtime.limitStranger(address)) ?? unknown)}\n`);
      return void refuse();
    }
    let execution: RunningExecution | undefined;
    const answer = (reply: string) => {
      if (execution !== undefined) running.delete(execution);
      socket.write(reply);
    };
    const size = Buffer.byteLength(line);
    execution = runtime.start(runtime.operation(operation.name), new LineInvocation({ host: this.#host!, address, request, size, answer }));
    if (!execution.settled) running.add(execution);
  }
}
