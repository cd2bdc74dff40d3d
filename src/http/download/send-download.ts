import { readThrown } from "../../core/value/thrown.ts";
import { visibleFault } from "../../pipeline/faults.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { HttpConnection } from "../connections/connection.ts";
import type { TurnResponse } from "../reception/turn.ts";
import { faultReply, type HttpReply } from "../reply/reply.ts";
import type { ReplyBytes } from "./download-reply.ts";
import { Transfer } from "./transfer.ts";

/** What a download is sent over. */
export interface DownloadWay {
  readonly response: TurnResponse;
  readonly connection: HttpConnection;
  /** Writes a reply, of a download its head. */
  write(reply: HttpReply): void;
  /** Nothing more is sent on the connection for now. */
  ended(connection: HttpConnection): void;
}

/** Sends a reply whose body is bytes, as long as it takes. The connection counts as in use until then. */
export function sendDownload(execution: RunningExecution, way: DownloadWay, reply: HttpReply & { readonly download: ReplyBytes }): void {
  const { requestId, compiled, host } = execution;
  const transfer = new Transfer(reply.download, {
    response: way.response,
    begin: () => way.write(reply),
    failed: (error) => {
      logFailure(execution, error);
      way.write(faultReply({ fault: visibleFault(compiled, error), requestId }, host.options.development));
    },
    cut: (error) => logFailure(execution, error),
    ended: () => {
      way.connection.running.delete(transfer);
      way.ended(way.connection);
    },
  });
  way.connection.running.add(transfer);
  way.response.runs(transfer);
  void transfer.run();
}

function logFailure({ host, operation, requestId, traceId, spanId }: RunningExecution, error: unknown): void {
  const { message } = readThrown(error);
  host.signals.logged.publish({
    ...{ level: "error", message: `The bytes of a download failed: ${message}`, fields: undefined },
    ...{ at: host.clock.now(), operation, requestId, traceId, spanId },
  });
}
