import type { Fault } from "../../core/fault.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { positionOf } from "../../pipeline/sourcing/positions.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { problemOf } from "../../surface/problem.ts";
import { isFields } from "../carrier/message.ts";
import { contentOf, writeBlock } from "../model/content.ts";

/** The result of a tool that succeeded: its output as a value, and for models as the content that it makes, or as text. */
export function outputResult(operation: CompiledOperation, done: RunningExecution): Record<string, unknown> {
  const value = done.output?.value;
  const content = contentOf(operation, value)?.map(writeBlock);
  const position = positionOf(done);
  const meta = { ...(done.replayed && { "plimsoll/replayed": true }), ...(position !== undefined && { "plimsoll/position": position }) };
  return {
    content: content ?? [{ type: "text", text: done.output?.json ?? "{}" }],
    ...(isFields(value) && { structuredContent: value }),
    isError: false,
    ...(Object.keys(meta).length > 0 && { _meta: meta }),
  };
}

/** The result of a tool that streams: its items, and for models the content that they make, or as text. */
export function streamResult(operation: CompiledOperation, items: readonly unknown[]): Record<string, unknown> {
  const blocks = items.map((item) => contentOf(operation, item));
  const structuredContent = { items };
  const text = { type: "text", text: JSON.stringify(structuredContent) };
  const makesNone = blocks.every((made) => made === undefined);
  return {
    content: makesNone ? [text] : blocks.flatMap((made) => made ?? []).map(writeBlock),
    structuredContent,
    isError: false,
  };
}

/**
 * The result of a tool that was refused or failed: a text by which a model can do better, and the members of the problem that HTTP would send, which are no output
 * and so stand in `_meta`.
 */
export function faultResult(fault: Fault, requestId: string): Record<string, unknown> {
  const problem = problemOf(fault, requestId);
  const retryAfter = fault.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(fault.retryAfterMs / 1000));
  const { detail, code, type, details, problems } = problem;
  const facts = { code, type: type.replace(/^urn:plimsoll:/, ""), details, problems, retryAfter };
  return {
    content: [{ type: "text", text: `${detail}\n${JSON.stringify(facts)}` }],
    isError: true,
    _meta: { "plimsoll/problem": { ...problem, ...(retryAfter !== undefined && { retryAfter }) } },
  };
}
