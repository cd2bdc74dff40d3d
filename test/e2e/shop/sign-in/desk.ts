import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mail } from "../../../../examples/shop/notifications/domain.ts";
import { Page } from "../../browser.ts";
import { openInProcess, type TestShop } from "../open-shop.ts";

/** A shop whose mail is read by the test. */
export interface Desk extends AsyncDisposable {
  readonly shop: TestShop;
  /** Where browsers find its pages. */
  readonly origin: string;
  /** Waits for the next mail to an address. Ask before what has it sent. */
  mailTo(email: string): Promise<Mail>;
  /** All mail so far. */
  readonly mails: readonly Mail[];
}

/** Opens the shop on a port that was free a moment ago: the origin of its pages is known before it listens. */
export async function openDesk(): Promise<Desk> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const mails: Mail[] = [];
  const waiting: { readonly email: string; resolve(mail: Mail): void }[] = [];
  const send = async (mail: Mail) => {
    mails.push(mail);
    const at = waiting.findIndex(({ email }) => email === mail.to.email);
    if (at >= 0) waiting.splice(at, 1)[0]?.resolve(mail);
  };
  const shop = await openInProcess({ mail: { send }, port });
  return {
    ...{ shop, mails, origin: `http://localhost:${port}` },
    mailTo: (email) => new Promise((resolve) => waiting.push({ email, resolve })),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

/** What a link in a mail says behind its hash. */
export function linkIn({ text }: Mail): URLSearchParams {
  return new URLSearchParams(/\/sign-in#(\S+)/.exec(text)?.[1] ?? "");
}

/** The sign-in page of a desk in a browser. */
export class SignInPage implements AsyncDisposable {
  readonly page: Page;
  readonly #origin: string;

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
  }

  static async open({ origin }: Desk): Promise<SignInPage> {
    return new SignInPage(await Page.open(), origin);
  }

  async load(hash = ""): Promise<void> {
    // Another document, so that the page is loaded and not only scrolled.
    await this.page.goto("about:blank");
    await this.page.goto(`${this.#origin}/sign-in${hash}`);
    await this.page.until("location.pathname === '/sign-in' && document.querySelector('main > :is(form, section):not([hidden])')");
  }

  fill(form: string, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.page.evaluate(`(() => {
      const form = document.getElementById(${JSON.stringify(form)});
      for (const [name, value] of Object.entries(${JSON.stringify(fields)})) form.elements[name].value = value;
      form.requestSubmit();
    })()`);
  }

  click(id: string): Promise<void> {
    return this.page.evaluate(`document.getElementById(${JSON.stringify(id)}).click()`);
  }

  shown(id: string): Promise<void> {
    return this.page.until(`!document.getElementById(${JSON.stringify(id)})?.hidden`);
  }

  says(text: string): Promise<void> {
    return this.page.until(`document.getElementById("message")?.textContent.includes(${JSON.stringify(text)})`);
  }

  /** The lines of a list, when it has so many. */
  async rows(list: string, count: number): Promise<string[]> {
    await this.page.until(`document.querySelectorAll("#${list} > li").length === ${count}`);
    return this.page.evaluate(`[...document.querySelectorAll("#${list} > li > span")].map((line) => line.firstChild.textContent)`);
  }

  whoAmI(): Promise<string | number> {
    return this.page.evaluate(`fetch("/v1/browser-sessions/own").then(async (reply) => (await reply.json()).email ?? reply.status)`);
  }

  /** Keeps a picture where the variable SCREENSHOTS names a folder. */
  async keep(name: string): Promise<void> {
    if (process.env.SCREENSHOTS === undefined) return;
    const { writeFile } = await import("node:fs/promises");
    const { data } = await this.page.send("Page.captureScreenshot", { captureBeyondViewport: true });
    await writeFile(`${process.env.SCREENSHOTS}/${name}.png`, Buffer.from(String(data), "base64"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.page[Symbol.asyncDispose]();
  }
}
