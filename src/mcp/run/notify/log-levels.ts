import type { McpLevel } from "../../../operation/online/mcp.ts";

const levels: readonly McpLevel[] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/** Whether a text is a level. */
export const isLevel = (level: unknown): level is McpLevel => levels.includes(level as McpLevel);

/** Whether a line of a level is for a client that wants those from another one on. */
export const reaches = (level: McpLevel, wanted: McpLevel): boolean => levels.indexOf(level) >= levels.indexOf(wanted);

/**
 * The levels that clients of sessions have set in this process; in another one they get lines from `info` on.
 * *Bounds*: `most` sessions; the one that set it first is forgotten first.
 */
export class LogLevels {
  readonly #levels = new Map<string, McpLevel>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  set(session: string, level: McpLevel): void {
    this.#levels.delete(session);
    this.#levels.set(session, level);
    const [oldest] = this.#levels.keys();
    if (this.#levels.size > this.#most && oldest !== undefined) this.#levels.delete(oldest);
  }

  get(session: string): McpLevel {
    return this.#levels.get(session) ?? "info";
  }
}
