import type { McpBytes, McpContent, McpSpec } from "../../operation/online/mcp.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";

/** What MCP calls a link. */
const linkWord = "resource_link";

/** What an operation says of itself to agents, all but `true`. */
export function mcpSpecOf({ operation }: CompiledOperation): McpSpec {
  const { mcp } = operation.spec;
  return mcp === undefined || mcp === true ? {} : mcp;
}

/** The blocks that an operation makes of an output; undefined where it makes none, and JSON stands for it. */
export function contentOf(operation: CompiledOperation, output: unknown): readonly McpContent[] | undefined {
  const made = mcpSpecOf(operation).content?.(output as never);
  return made === undefined ? undefined : [made].flat();
}

/** Writes a block as results of tools and messages of prompts have it. */
export function writeBlock(block: McpContent): object {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "image":
    case "audio":
      return { type: block.type, data: base64(block.data), mimeType: block.mimeType };
    case "link":
      return { type: linkWord, uri: block.uri, name: block.name, ...(block.mimeType !== undefined && { mimeType: block.mimeType }) };
    case "resource":
      return { type: "resource", resource: writeResource(block) };
  }
}

/** Writes a block as the content of the resource at an address. */
export function writeContents(uri: string, block: McpContent): object {
  switch (block.type) {
    case "resource":
      return writeResource(block);
    case "image":
    case "audio":
      return { uri, mimeType: block.mimeType, blob: base64(block.data) };
    case "text":
      return { uri, mimeType: "text/plain", text: block.text };
    case "link":
      return { uri: block.uri, mimeType: "text/uri-list", text: block.uri };
  }
}

function writeResource(block: Extract<McpContent, { type: "resource" }>): object {
  const { uri, mimeType } = block;
  return { uri, mimeType, ...("text" in block ? { text: block.text } : { blob: base64(block.data) }) };
}

const base64 = (bytes: McpBytes): string => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("base64"));
