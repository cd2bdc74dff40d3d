// Lets days of events and sagas pass, and compares what the tables of the platform take at the end with what they took half way.
// Run it with: node --conditions=source test/campaigns/tables/tables.ts [--events 5000000] [--sagas 500000] [--days 10] [--kept 2]
import { parseArgs } from "node:util";
import { passDays } from "./campaign.ts";

const most = 1.1;
const { values } = parseArgs({
  options: {
    events: { type: "string", default: "5000000" },
    sagas: { type: "string", default: "500000" },
    days: { type: "string", default: "10" },
    kept: { type: "string", default: "2" },
  },
});
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`;
const spec = { events: Number(values.events), sagas: Number(values.sagas), days: Number(values.days), keptDays: Number(values.kept) };
const { counted, sagasEnded, ratio } = await passDays({
  ...spec,
  onDay: ({ day, bytes, tables }) =>
    console.log(
      `day ${day}: ${megabytes(bytes)} (${Object.entries(tables)
        .slice(0, 5)
        .map(([table, size]) => `${table} ${megabytes(size)}`)
        .join(", ")})`,
    ),
});
console.log(
  `${counted} events were counted, ${sagasEnded} sagas ended. At the end the tables take ${ratio.toFixed(3)} times what they took half way (bar ${most}).`,
);
process.exitCode = ratio <= most && counted === spec.events ? 0 : 1;
