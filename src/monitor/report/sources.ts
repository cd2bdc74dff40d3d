import { systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { Counted } from "./budget.ts";

/** How long one address may take. *Units*: milliseconds. */
const answerWithinMs = 10_000;

/** Reads an address as text. *Faults thrown*: `unavailable`, and what `fetch` throws. */
async function read(url: URL, signal: AbortSignal): Promise<string> {
  const late = new AbortController();
  const timer = systemClock.schedule(answerWithinMs, () => late.abort());
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]) });
    const text = await response.text();
    if (!response.ok) throw new Fault({ code: "unavailable", message: `${response.status} ${text.slice(0, 200)}` });
    return text;
  } finally {
    timer.cancel();
  }
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Reads what the operations counted over a window from Prometheus, and for how long it keeps data, where that is a limit. */
export async function fromPrometheus(
  base: string,
  { window, job, signal }: { readonly window: string; readonly job: string | undefined; readonly signal: AbortSignal },
): Promise<{ readonly counted: readonly Counted[]; readonly retention: string | undefined }> {
  const selector = job === undefined ? "" : `{job=${JSON.stringify(job)}}`;
  const query = async (expr: string): Promise<ReadonlyMap<string, number>> => {
    const url = new URL("api/v1/query", withSlash(base));
    url.searchParams.set("query", expr);
    const { data } = JSON.parse(await read(url, signal)) as { readonly data: { readonly result: readonly Sample[] } };
    return new Map(data.result.map(({ metric, value }) => [metric.operation ?? "", Number(value[1])]));
  };
  const increase = (metric: string) => query(`sum by (operation) (increase(${metric}${selector}[${window}]))`);
  const [total, failed, success] = await Promise.all([
    increase("plimsoll_slo_total"),
    increase("plimsoll_slo_failed_total"),
    query(`max by (operation) (plimsoll_slo_success_ratio${selector})`),
  ]);
  const counted = [...success].map(([operation, ratio]) => ({
    ...{ operation, success: ratio, total: total.get(operation) ?? 0, failed: failed.get(operation) ?? 0 },
  }));
  const flags = await read(new URL("api/v1/status/flags", withSlash(base)), signal).catch(() => "{}");
  const retention = (JSON.parse(flags) as { readonly data?: Readonly<Record<string, string>> }).data?.["storage.tsdb.retention.time"];
  return { counted, retention: retention === "0s" ? "15d" : retention };
}

/** Reads what one process has counted since it started, from its ops port. */
export async function fromOps(base: string, signal: AbortSignal): Promise<readonly Counted[]> {
  const text = await read(new URL("metrics", withSlash(base)), signal);
  const sums = new Map<string, Map<string, number>>();
  for (const [, name, operation, value] of text.matchAll(/^(plimsoll_slo_\w+)\{operation="([^"]+)"[^}]*\} (\S+)$/gm)) {
    const sum = sums.get(operation!) ?? new Map<string, number>();
    sum.set(name!, name === "plimsoll_slo_success_ratio" ? Number(value) : (sum.get(name!) ?? 0) + Number(value));
    sums.set(operation!, sum);
  }
  return [...sums].map(([operation, sum]) => ({
    operation,
    success: sum.get("plimsoll_slo_success_ratio") ?? 1,
    total: sum.get("plimsoll_slo_total") ?? 0,
    failed: sum.get("plimsoll_slo_failed_total") ?? 0,
  }));
}

function withSlash(base: string): string {
  return base.endsWith("/") ? base : `${base}/`;
}
