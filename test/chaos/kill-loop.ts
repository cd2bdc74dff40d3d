// kill -9 of the app, of a worker, of PostgreSQL, of app and PostgreSQL, of the payment provider, at random moments under load:
// node --conditions=source test/chaos/kill-loop.ts --kills 200 --seed 7 [--workers 12] [--only app,both] [--planted effect-apart] [--json]
// --services: the shop as four services, with buyers who check out and cancel; the kinds are those of test/chaos/services/campaign.ts.
// The exit code is 0 only when nothing acknowledged was lost, nothing was done or charged twice, and all was healed within a lease and two seconds,
// and no process that served ended by itself.
import { parseArgs } from "node:util";
import { campaign, type Kind, kinds, type Report } from "./campaign.ts";
import type { PlantedName } from "./ledger/planted.ts";
import { type Kind as ServiceKind, type ServicesReport, kinds as serviceKinds, servicesCampaign } from "./services/campaign.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "7" },
    workers: { type: "string", default: "12" },
    only: { type: "string" },
    planted: { type: "string" },
    json: { type: "boolean", default: false },
    services: { type: "boolean", default: false },
  },
});

type AnyKill = Report["kills"][number] | ServicesReport["kills"][number];
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const only = values.only?.split(",");
const onKill = ({ nth, kind, recoveredMs, healedMs }: AnyKill) => {
  const healing = healedMs === undefined ? "" : `, healed after ${Math.round(healedMs)} ms`;
  const recovery = recoveredMs === undefined ? "killed again" : `${Math.round(recoveredMs)} ms`;
  if (!values.json) console.error(`${nth} ${kind} ${recovery}${healing}`);
};

function run(): Promise<Report | ServicesReport> {
  if (values.services) return servicesCampaign({ kills, seed, onKill, ...(only && { only: only as ServiceKind[] }) });
  return campaign({
    ...{ kills, seed, workers: Number(values.workers), onKill },
    ...(only && { only: only as Kind[] }),
    ...(values.planted !== undefined && { planted: values.planted as PlantedName }),
  });
}

const report = await run();
const summary = summarize(report);
console.log(values.json ? JSON.stringify(summary) : summary);
for (const problem of [
  ...report.unexpected,
  ...report.ended,
  ...report.changed,
  ...report.contradicted,
  ...report.unbalanced,
  ...report.undone,
  ...report.unhealed,
  ...report.wronglyCharged,
  ...report.doneTwice,
  ...report.lost,
].slice(0, 10))
  console.error(problem);
process.exitCode = isRight(report) ? 0 : 1;

function isRight(report: Report | ServicesReport): boolean {
  const { lost, doneTwice, contradicted, unanswered, unbalanced, undone, unhealed, changed, unexpected, ended, wronglyCharged } = report;
  return [wronglyCharged, lost, doneTwice, contradicted, unanswered, unbalanced, undone, unhealed, changed, unexpected, ended].every(
    (list) => list.length === 0,
  );
}

function summarize({ kills, durationMs, ...report }: Report | ServicesReport) {
  const times = (of: readonly AnyKill[]) => of.flatMap(({ recoveredMs }) => recoveredMs ?? []).toSorted((a, b) => a - b);
  const at = (sorted: readonly number[], share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  const healings = kills.flatMap(({ healedMs }) => healedMs ?? []).toSorted((a, b) => a - b);
  const counts = Object.entries(report).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]);
  const byKind = (values.services ? serviceKinds : kinds).map((kind) => {
    const those = (kills as readonly AnyKill[]).filter((kill) => kill.kind === kind);
    return [kind, { kills: those.length, medianMs: at(times(those), 0.5), maxMs: at(times(those), 1) }];
  });
  return {
    ...Object.fromEntries(counts),
    kills: kills.length,
    healMs: { times: healings.length, median: at(healings, 0.5), max: at(healings, 1) },
    recoveryMs: { median: at(times(kills), 0.5), p99: at(times(kills), 0.99), max: at(times(kills), 1) },
    byKind: Object.fromEntries(byKind),
    seconds: Math.round(durationMs / 1000),
  };
}
