import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { tokenChars } from "../pipeline/sourcing/position-token.ts";
import type { FaultConditions, PlatformFault } from "./openapi-faults.ts";

const reads = ({ operation }: FaultConditions) => operation.reads !== undefined;

/** The faults of queries that read projections. */
export const readFaults = [
  {
    name: "PositionInvalid",
    code: "invalid_argument",
    types: ["position_invalid"],
    description: "Plimsoll-After is not what a Plimsoll-Position said.",
    applies: reads,
  },
  {
    name: "PositionLost",
    code: "failed_precondition",
    types: ["position_lost"],
    description: "Plimsoll-After is a position of before the data were restored: what was written there may be lost.",
    applies: reads,
  },
  {
    name: "ProjectionBehind",
    code: "unavailable",
    types: ["projection_behind", "position_not_reached"],
    description:
      "What the query reads is further behind than it accepts, or did not come as far as Plimsoll-After in time. Send the request again.",
    applies: reads,
  },
] as const satisfies readonly PlatformFault[];

const token = { type: "string", minLength: tokenChars, maxLength: tokenChars };

/** The header of a request that waits for what the caller wrote. */
export function readParameters({ reads: read }: CompiledOperation): readonly object[] {
  if (read === undefined) return [];
  return [
    {
      ...{ name: "Plimsoll-After", in: "header", required: false, schema: token },
      description: "The `Plimsoll-Position` of an earlier response: the request waits until what it reads has come as far.",
    },
  ];
}

/** The header of a response that says where the events of the request stand. */
export function positionHeaders({ operation: { spec } }: CompiledOperation): Record<string, object> {
  if ((spec.emits ?? []).length + (spec.streams ?? []).length === 0) return {};
  const description = "Where the events of this request stand; left out where there are none. Send it as `Plimsoll-After` to see them.";
  return { "Plimsoll-Position": { description, schema: token } };
}
