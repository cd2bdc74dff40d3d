/** The limits of the command's frame. */
export const cliLimits = {
  /** How long a verb may take to leave its files whole after Ctrl-C. *Units*: milliseconds. */
  stopMs: 5_000,
  /** One message of an agent to `plimsoll mcp`. *Units*: bytes. */
  agentLineBytes: 1_048_576,
  /** Requests of an agent that wait for `plimsoll mcp`. */
  agentWaiting: 64,
} as const;
