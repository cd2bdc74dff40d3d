import type { ClientRoute } from "../surface/client/client-routes.ts";
import { type CallFault, networkFailed } from "./call-fault.ts";
import type { CallOptions } from "./calls.ts";
import { type ClientSettings, Exchange } from "./exchange.ts";
import { readEvents, readLines, type StreamPart } from "./stream.ts";

/** A stream that is asked for. */
export interface Asked {
  readonly settings: ClientSettings;
  readonly given: CallOptions;
  readonly format: "events" | "lines";
  readonly input: unknown;
  /** Finds its route, within the time of the call. */
  find(exchange: Exchange): Promise<ClientRoute>;
}

/** Where a stream stands between two connections. */
interface Position {
  id: string | undefined;
  /** How long the service asks to wait before the next connection. */
  retryMs: number | undefined;
  /** Connections that broke since the last item. */
  breaks: number;
}

/** Gives the items of a stream, over as many connections as it takes where its items have ids. */
export async function* streamItems(asked: Asked): AsyncGenerator<unknown> {
  const position: Position = { id: undefined, retryMs: undefined, breaks: 0 };
  for (;;) {
    const exchange = new Exchange(asked.settings, asked.given);
    let fault: CallFault | undefined;
    let resumes = false;
    try {
      const contract = await asked.find(exchange);
      const parts = await connect(asked, { exchange, contract, id: position.id });
      // Lines have no ids: another connection would begin with the first item again.
      resumes = contract.stream === "resumed" && contract.repeat !== undefined && asked.format === "events";
      for await (const part of parts) {
        if ("end" in part) return;
        if ("fault" in part) throw part.fault;
        if ("item" in part) {
          position.breaks = 0;
          yield part.item;
        } else if ("id" in part) position.id = part.id;
        else position.retryMs = part.retryMs;
      }
      fault = networkFailed(undefined);
    } catch (thrown) {
      fault = exchange.faultOf(thrown);
      if (fault.type !== "network_failed") throw fault;
    } finally {
      exchange.close();
    }
    if (!resumes) throw fault;
    await pauseFor(asked, position, fault);
  }
}

async function connect(
  { settings, format, input }: Asked,
  { exchange, contract, id }: { readonly exchange: Exchange; readonly contract: ClientRoute; readonly id: string | undefined },
): Promise<AsyncGenerator<StreamPart>> {
  const events = format === "events";
  const response = await exchange.open(contract, input, {
    accept: events ? "text/event-stream" : "application/x-ndjson",
    ...(id !== undefined && { "last-event-id": id }),
  });
  exchange.begun();
  return (events ? readEvents : readLines)(response, settings.replyChars);
}

/** Waits before the next connection. *Faults thrown*: the fault of this one, where there is no next. */
async function pauseFor({ settings, given }: Asked, position: Position, fault: CallFault): Promise<void> {
  const { clock, retries, deadlineMs } = settings;
  const asked = position.retryMs;
  position.retryMs = undefined;
  const wait = asked ?? retries.next(fault, { attempt: ++position.breaks, random: clock.random(), leftMs: deadlineMs });
  if (wait === undefined) throw fault;
  const exchange = new Exchange({ ...settings, deadlineMs: wait + deadlineMs }, given);
  try {
    await exchange.pause(wait);
  } finally {
    exchange.close();
  }
}
