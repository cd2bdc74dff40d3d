import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Debian's chromium, or another that `CHROMIUM` names; undefined where there is none. */
export const chromium = [process.env.CHROMIUM, "/usr/bin/chromium"].find((path) => {
  if (path === undefined) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page of a headless chromium, driven over its DevTools protocol. */
export class Page implements AsyncDisposable {
  /** What the browser complained of: errors of scripts, and what the policy of the page forbade. */
  readonly complaints: string[] = [];
  readonly #socket: WebSocket;
  readonly #close: () => Promise<void>;
  readonly #answers = new Map<number, (message: Message) => void>();
  #last = 0;

  private constructor(socket: WebSocket, close: () => Promise<void>) {
    this.#socket = socket;
    this.#close = close;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  /** `more`: options of chromium beside those that each page has. */
  static async open(language = "en-US", more: readonly string[] = []): Promise<Page> {
    const profile = await mkdtemp(join(tmpdir(), "chromium-"));
    const options = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--hide-scrollbars",
      "--remote-debugging-port=0",
    ];
    const browser = spawn(chromium ?? "", [...options, ...more, `--accept-lang=${language}`, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const exited = new Promise((resolve) => browser.once("exit", resolve));
    const close = async () => {
      browser.kill("SIGKILL");
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    };
    for await (const line of createInterface({ input: browser.stderr })) {
      const origin = /DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1];
      if (origin === undefined) continue;
      browser.stderr.resume();
      const targets = (await (await fetch(`http://${origin}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
      const target = targets.find(({ type }) => type === "page");
      assert.ok(target, "chromium opened no page");
      const socket = new WebSocket(target.webSocketDebuggerUrl);
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve);
        socket.addEventListener("error", reject);
      });
      const page = new Page(socket, close);
      for (const domain of ["Page", "Runtime", "Log"]) await page.send(`${domain}.enable`);
      return page;
    }
    await close();
    throw new assert.AssertionError({ message: "chromium ended before it listened" });
  }

  send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ error, result }) =>
        error ? reject(new assert.AssertionError({ message: error.message })) : resolve(result ?? {}),
      );
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async goto(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
  }

  /** Runs an expression in the page; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    assert.equal(exceptionDetails, undefined, `${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value: T }).value;
  }

  /** Waits in the page until an expression holds, looking at every change of the document. */
  async until(expression: string): Promise<void> {
    // A navigation may replace the document under the question; it is asked again of the new one.
    for (let attempt = 1; ; attempt++) {
      const holds = `new Promise((resolve) => {
        const look = () => { if (${expression}) { observer.disconnect(); resolve(true); } };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        look();
      })`;
      try {
        await this.evaluate(holds);
        return;
      } catch (error) {
        // Not without end: a page that never holds it must not pass.
        if (attempt === 3 || !/context|navigat/i.test(String(error))) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#close();
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    }
    if (message.method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(message.params?.exceptionDetails));
    if (message.method === "Log.entryAdded") this.complaints.push(JSON.stringify(message.params?.entry));
  }
}
