// Operations over GraphQL: what an application imports from "plimsoll/graphql".
export type { GraphqlLimits } from "./limits.ts";
export { type DeclaredRelation, type RelatesSpec, relates } from "./relates.ts";
export { type GraphqlSpec, graphql } from "./surface.ts";
