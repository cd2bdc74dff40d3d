import type { McpLevel } from "../../../operation/online/mcp.ts";
import type { CompiledOperation } from "../../../pipeline/registry/compiled.ts";
import { mcpSpecOf } from "../../model/content.ts";
import { type Asking, type CallTerms, notification } from "../asking.ts";
import { isLevel, reaches } from "./log-levels.ts";

/** Tells a client of the items of a stream as they come, as far as it asked for that. */
export class ItemNotes {
  readonly #asking: Asking;
  readonly #operation: CompiledOperation;
  readonly #progressToken: string | number | undefined;
  readonly #level: McpLevel | undefined;
  #items = 0;

  constructor({ logLevels }: Pick<CallTerms, "logLevels">, asking: Asking, operation: CompiledOperation) {
    this.#asking = asking;
    this.#operation = operation;
    const { client, message } = asking;
    const { progressToken } = message.meta;
    this.#progressToken = typeof progressToken === "string" || Number.isSafeInteger(progressToken) ? (progressToken as string) : undefined;
    const asked = message.meta["io.modelcontextprotocol/logLevel"];
    if (client.era === "modern") this.#level = isLevel(asked) ? asked : undefined;
    else this.#level = logLevels.get(client.session ?? "");
  }

  /** Tells it of one. Returns whether another may follow at once. */
  tell(item: unknown): boolean {
    this.#items++;
    const { progress, log } = mcpSpecOf(this.#operation);
    let goesOn = true;
    if (this.#progressToken !== undefined) {
      const made = progress?.(item as never) ?? { progress: this.#items };
      goesOn = this.#send("notifications/progress", { progressToken: this.#progressToken, ...made });
    }
    const line = this.#level === undefined ? undefined : log?.(item as never);
    if (line !== undefined && reaches(line.level, this.#level as McpLevel)) goesOn = this.#send("notifications/message", line);
    return goesOn;
  }

  #send(method: string, params: object): boolean {
    const { talk } = this.#asking;
    return talk.isPossible ? talk.send(notification(method, params)) : true;
  }
}
