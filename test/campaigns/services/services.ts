// Runs the suite of the shop on the shop as four services: `node test/campaigns/services/services.ts [part of a path …]`.
// The exit code is 0 only when all of it passed. What does not run on services is listed with its reason.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { servicesVariable } from "../../e2e/services/open-services.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = "test/e2e/shop";

/** Files of which no test reaches the services. */
export const leftOut: Readonly<Record<string, string>> = {
  "access.test.ts": "it opens no shop",
  "cache-redis.test.ts": "it makes two processes of the whole shop itself, and reads the cache of one from inside",
  "sign-in-page.test.ts": "it gives the shop a mailer that is a function, and waits for a signal inside the process",
  "start.test.ts": "it starts the program of the shop in one process; test/e2e/services/start.test.ts starts the other one",
  "payments/certain.test.ts": "it opens no shop",
  "payments/notices.test.ts": "it counts the tasks that have ended by a signal inside the process",
  "payments/provider.test.ts": "it opens no shop",
  "payments/temper-setting.test.ts": "it opens no shop",
  "sign-in/joining.test.ts": "it gives the shop a mailer that is a function",
  "sign-in/joining-page.test.ts": "it gives the shop a mailer that is a function",
  "sign-in/origin.test.ts": "it opens no shop",
  "sign-in/passkey-mail.test.ts": "it gives the shop a mailer that is a function",
  "sign-in/passkeys.test.ts": "it gives the shop a mailer that is a function",
};

/** Tests whose file runs on services, and which open a shop in their own process all the same. */
export const inOneProcess: Readonly<Record<string, string>> = {
  "crunch.test.ts > tries again, and counts as failed what fails each time": "its failures are a function of the test",
  "crunch.test.ts > counts exactly, however often the shop is stopped in the middle": "it starts and stops the shop inside its process",
  "payments/refund.test.ts > asks a person, who tries again": "its provider is a function of the test",
};

/** The files that run on services. */
export function filesOnServices(): readonly string[] {
  return globSync(`${folder}/**/*.test.ts`, { cwd: root })
    .filter((file) => leftOut[file.slice(folder.length + 1)] === undefined)
    .toSorted();
}

if (import.meta.main) {
  const parts = process.argv.slice(2);
  const files = filesOnServices().filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  const env = { ...process.env, [servicesVariable]: "yes" };
  const child = spawn(process.execPath, ["test/run.ts", ...files], { cwd: root, env, stdio: "inherit" });
  const [code] = await once(child, "exit");
  for (const [what, why] of [...Object.entries(leftOut), ...Object.entries(inOneProcess)]) console.log(`not on services: ${what}: ${why}`);
  process.exitCode = code === 0 ? 0 : 1;
}
