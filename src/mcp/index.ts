// Operations for agents, over MCP: what an application imports from "plimsoll/mcp".
export type { McpLimits } from "./limits.ts";
export type { ProtectedResource } from "./metadata.ts";
export { type McpSurfaceSpec, mcp } from "./surface.ts";
