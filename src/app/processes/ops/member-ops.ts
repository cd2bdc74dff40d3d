import type { LoadLines } from "../../../core/load-line/load-lines.ts";
import type { OpsRequest, OpsResponse } from "../../../operation/ops-page.ts";
import type { OpsSources } from "../../ops/ops.ts";
import type { Channel } from "../channel.ts";

/** A request for a page of the ops port as it is sent to a process. */
export interface PageAsked {
  readonly path: string;
  readonly request: Omit<OpsRequest, "body"> & { readonly text: string };
}

/** A change of the mode of a limit. */
export interface ModeAsked {
  readonly name: string;
  readonly mode: string;
  readonly reason: string;
}

/** Answers what the supervisor asks a process for the ops port. */
export function serveOps(channel: Channel, { ready, metrics, pages }: OpsSources, lines: LoadLines): void {
  channel.reply("ready", async () => (await ready()) ?? null);
  channel.reply("metrics", () => metrics());
  channel.reply("lines", () => lines.list());
  channel.reply("mode", ({ name, mode, reason }: ModeAsked) => lines.setMode(name, mode, reason));
  channel.reply("page", async ({ path, request: { text, ...request } }: PageAsked): Promise<OpsResponse | null> => {
    const page = pages.find((one) => one.path === path);
    return (await page?.answer({ ...request, body: async () => text })) ?? null;
  });
}
