import assert from "node:assert";

/** How one direction of a network behaves. Bytes arrive in their order, whatever the delays. *Default* of each: as if the proxy were not there. */
export interface NetworkConditions {
  /** Delay of all bytes. *Units*: milliseconds. *Default*: 0. */
  readonly latencyMs?: number;
  /** A further delay, for each read another one between 0 and this. *Units*: milliseconds. *Default*: 0. */
  readonly jitterMs?: number;
  /**
   * The probability with which a read is lost on its way. It is sent again 200 ms later, as TCP does, twice as long after each further loss, and what
   * follows on its connection waits for it. *Bounds*: 0 to below 1. *Default*: 0.
   */
  readonly lossRatio?: number;
  /** Bandwidth of each connection. *Default*: no limit. */
  readonly bytesPerSecond?: number;
  /** Nothing arrives and neither side notices, as on a half-open connection. What was sent arrives when the silence ends. *Default*: false. */
  readonly silent?: boolean;
  /** Each connection is ended when so many further bytes have arrived: 20 of a longer reply cut it in its middle. *Default*: never. */
  readonly cutAfterBytes?: number;
  /** The probability with which a read resets its connection in place of passing on. *Bounds*: 0 to 1. *Default*: 0. */
  readonly resetRatio?: number;
}

/** The network conditions of a proxy, for each direction and for new connections. */
export interface NetworkState {
  /** What clients send. */
  readonly toServer: NetworkConditions;
  /** What the server sends. */
  readonly toClient: NetworkConditions;
  /** New connections: passed on to the server; reset at once; or accepted, and then nothing. */
  readonly connections: "accept" | "reset" | "silence";
}

/** The counts of a proxy since its start. */
export interface NetworkCounts {
  /** Connections that were passed on to the server. */
  readonly connections: number;
  /** Of these, those that are open now. */
  readonly open: number;
  /** New connections that were not passed on. */
  readonly refused: number;
  /** Connections that were reset, or ended in the middle. */
  readonly broken: number;
  /** Bytes that arrived at the server. */
  readonly bytesToServer: number;
  /** Bytes that arrived at clients. */
  readonly bytesToClient: number;
}

/** A network without faults. */
export const healthy: NetworkState = { toServer: {}, toClient: {}, connections: "accept" };

/** Checks what a test asks for. */
export function checkConditions(conditions: NetworkConditions): void {
  const { latencyMs = 0, jitterMs = 0, bytesPerSecond = 1, cutAfterBytes = 0, resetRatio = 0, lossRatio = 0 } = conditions;
  for (const [name, value] of Object.entries({ latencyMs, jitterMs }))
    assert(value >= 0 && Number.isFinite(value), `${name} is a number of milliseconds from 0 up, not ${value}`);
  assert(bytesPerSecond > 0, `bytesPerSecond is a number above 0, not ${bytesPerSecond}; for nothing at all take silent`);
  assert(Number.isInteger(cutAfterBytes) && cutAfterBytes >= 0, `cutAfterBytes is a whole number from 0 up, not ${cutAfterBytes}`);
  assert(lossRatio >= 0 && lossRatio < 1, `lossRatio is a number from 0 to below 1, not ${lossRatio}; for nothing at all take silent`);
  assert(resetRatio >= 0 && resetRatio <= 1, `resetRatio is a number from 0 to 1, not ${resetRatio}`);
}
