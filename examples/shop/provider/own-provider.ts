import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ProviderAccess } from "../payments/adapter.ts";
import { refuseToStart } from "../settings.ts";

/** How the shop starts a provider for itself. */
interface OwnProvider {
  readonly directory: string;
  readonly port: number;
  readonly temper: string;
  /** Of the shop, for its notices. With port 0 it is not known yet, and none are sent. */
  readonly shopPort: number;
}

const Page = z.object({ ledger_lines: z.array(z.unknown()), has_more: z.boolean() });

/** Attempts to start one, or to find that of another shop: the one of a process that has just ended may still have the port. */
const attempts = 10;
const pauseMs = 100;

/**
 * Starts a payment provider as a process of its own, which ends when this one does. Its books are in the folder, by its port.
 * Where the provider of another shop on this machine has its port, that one is used. Without a provider the shop does not start.
 */
export async function startOwnProvider(own: OwnProvider): Promise<ProviderAccess> {
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  let url = `http://127.0.0.1:${own.port}`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const started = await spawnProvider(own, secret);
    url = started ?? url;
    if (started !== undefined || (await isProvider(url))) return { url, allow: ["127.0.0.1"], secret };
    await setTimeout(pauseMs);
  }
  return refuseToStart(
    `The payment provider did not start on port ${own.port}, and no other one runs there. Set PROVIDER_PORT to a free port, or to 0 for any.`,
  );
}

/** Returns its address; undefined where it ended. */
function spawnProvider({ directory, port, temper, shopPort }: OwnProvider, secret: string): Promise<string | undefined> {
  const program = fileURLToPath(new URL("../provider.ts", import.meta.url));
  const notify = shopPort === 0 ? {} : { NOTIFY_URL: `http://127.0.0.1:${shopPort}/v1/payment-notices`, NOTIFY_SECRET: secret };
  const child = spawn(process.execPath, ["--conditions=source", "--max-old-space-size=64", program], {
    env: { PORT: `${port}`, TEMPER: temper, BOOKS: resolve(directory, "provider-{port}.jsonl"), ...notify },
    // By the channel it knows when this process is gone, however it ended.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise((found) => {
    child.once("message", (said) => {
      // Neither it nor the channel keeps this process from ending.
      child.unref();
      child.channel?.unref();
      found((said as { readonly url: string }).url);
    });
    child.once("exit", () => found(undefined));
    child.once("error", () => found(undefined));
  });
}

/** Whether a provider has the port: what is there shows books as a provider does. */
async function isProvider(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ledger_lines?page_size=1`, { redirect: "error", signal: AbortSignal.timeout(1_000) });
    return response.ok && Page.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
