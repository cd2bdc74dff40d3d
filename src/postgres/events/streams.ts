import type { EventOrigin, EventRow, SnapshotRow, StreamLoad, StreamPlace, StreamRead, StreamRow } from "../../operation/events/log.ts";
import type { Statement } from "../../operation/transaction.ts";

const parameters = (count: number): string => Array.from({ length: count }, (_, at) => `$${at + 1}`).join(", ");
const several = `select plimsoll.record_events(${parameters(13)}) as position`;
const ofLog = `select plimsoll.record_event(${parameters(10)}) as position`;
const ofStream = `select plimsoll.append_to_stream(${parameters(13)}) as position`;

/** Appends events: those of streams behind the last one of their stream, the others to the log. */
export function recordStatement(
  { tenant, actorId, traceparent, causation, correlation }: EventOrigin,
  rows: readonly EventRow[],
  recorded: (position: string) => void,
): Statement {
  const origin = [tenant ?? null, actorId ?? null, traceparent, causation, correlation];
  // Read when it is sent: until then more may be emitted, or undone.
  return {
    get text() {
      if (rows.length !== 1) return several;
      return rows[0]?.stream === undefined ? ofLog : ofStream;
    },
    columnsAsIs: true,
    get values() {
      return rows.length === 1 ? valuesOfOne(rows[0] as EventRow, origin) : valuesOf(rows, origin);
    },
    committed: ({ rows: [row] }) => {
      if (typeof row?.position === "string") recorded(row.position);
    },
  };
}

/** Without arrays: what is emitted is most often one event, and the text of an array takes longer to write and to read than all of its event. */
function valuesOfOne({ id, name, version, key, data, stream }: EventRow, origin: readonly (string | null)[]): readonly unknown[] {
  const place = stream === undefined ? [] : [stream.type, stream.id, stream.version];
  return [id, name, version, key, data, ...place, ...origin];
}

function valuesOf(rows: readonly EventRow[], origin: readonly (string | null)[]): readonly unknown[] {
  return [
    rows.map(({ id }) => id),
    rows.map(({ name }) => name),
    rows.map(({ version }) => version),
    rows.map(({ key }) => key),
    rows.map(({ data }) => data),
    ...placesOf(rows),
    ...origin,
  ];
}

function placesOf(rows: readonly EventRow[]): readonly unknown[] {
  if (!rows.some(({ stream }) => stream !== undefined)) return [null, null, null];
  return [
    rows.map(({ stream }) => stream?.type ?? null),
    rows.map(({ stream }) => stream?.id ?? null),
    rows.map(({ stream }) => stream?.version ?? null),
  ];
}

/** Reads a stream. */
export function loadStatement({ type, id }: Pick<StreamPlace, "type" | "id">, { shape, behind = 0, limit }: StreamRead): StreamLoad {
  return {
    statement: {
      text: 'select stream_version as "streamVersion", id, name, version, data from plimsoll.read_stream($1, $2, $3, $4, $5)',
      columnsAsIs: true,
      values: [type, id, shape ?? null, behind, limit],
    },
    rows: ({ rows }) => rows as unknown as readonly StreamRow[],
  };
}

/** Keeps a state of a stream. */
export function snapshotStatement(snapshot: () => SnapshotRow | undefined): Statement {
  return {
    text: "select plimsoll.keep_snapshot($1, $2, $3, $4, $5)",
    columnsAsIs: true,
    get values() {
      const made = snapshot();
      if (made === undefined) return [null, null, null, null, null];
      const { stream, shape, state } = made;
      return [stream.type, stream.id, stream.version, shape, state];
    },
  };
}
