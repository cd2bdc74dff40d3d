import { traitsOf } from "../../operation/kind.ts";
import type { McpSpec } from "../../operation/online/mcp.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";

/** What a tool says of itself that clients may act on. *Source*: MCP, `ToolAnnotations`. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/**
 * Derives the hints from the contract. What reads changes nothing; a command has no network, so that its world is closed; only what is `natural` has no further
 * effect if its arguments come twice, because the same arguments under another key are another request.
 */
export function annotationsOf({ operation }: CompiledOperation, { title, destructive }: McpSpec): ToolAnnotations {
  const { transaction } = traitsOf(operation);
  const reads = transaction === "read";
  return {
    ...(title !== undefined && { title }),
    readOnlyHint: reads,
    destructiveHint: !reads && (destructive ?? true),
    idempotentHint: reads || operation.spec.idempotent === "natural",
    openWorldHint: Object.keys(operation.spec.uses ?? {}).length > 0,
  };
}

type Input = Readonly<Record<string, unknown>>;

/** The most of the arguments that a sentence shows. */
const shownChars = 500;

/** What makes the sentence that a person reads before a tool runs; undefined where none is asked. It returns undefined for a call that needs none. */
export function confirmationOf(
  { operation }: CompiledOperation,
  name: string,
  { confirm, destructive }: McpSpec,
): ((input: Input) => string | undefined) | undefined {
  const { http, summary } = operation.spec;
  const route = typeof http === "string" ? http : http?.route;
  if (typeof confirm === "string") return () => confirm;
  if (typeof confirm === "function") return confirm;
  if (!(confirm ?? (destructive === true || route?.startsWith("DELETE ") === true))) return undefined;
  const what = `${name}${summary === undefined ? "" : ` (${summary})`}`;
  return (input) => `Do you confirm ${what}${shown(input)}?`;
}

function shown(input: Input): string {
  const text = JSON.stringify(input);
  if (text === "{}") return "";
  return ` with ${text.length > shownChars ? `${text.slice(0, shownChars)}…` : text}`;
}
