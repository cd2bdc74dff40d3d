import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type pg from "pg";
import type { WireQuery } from "./query.ts";

/** What the server says of a setting, at the start of a session and when it changes. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** What the server says of the parameters of a statement. */
interface ParameterDescription {
  readonly dataTypeIDs: readonly number[];
}

/** Returns what a connection needs of its client, and `pg` has no public door to: its socket and its backend's key, where they have been since its first versions. */
export function internalsOf(client: pg.Client) {
  const inside = client as unknown as {
    readonly connection: EventEmitter<{ parameterStatus: [ParameterStatus]; parameterDescription: [ParameterDescription] }> & {
      readonly stream: Socket;
    };
    _getActiveQuery(): Pick<WireQuery, "handleParameterDescription"> | null;
    readonly processID: number;
    readonly secretKey: number;
    readonly host: string;
    readonly port: number;
  };
  const { connection, processID: processId, secretKey, host, port } = inside;
  return { connection, answering: () => inside._getActiveQuery(), stream: connection.stream, processId, secretKey, host, port };
}
