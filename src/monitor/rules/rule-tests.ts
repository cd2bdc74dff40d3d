import type { Monitored, MonitoredOperation } from "../monitored.ts";
import { alertsOf, selecting } from "./alerts.ts";
import { burnAlertName, fewAlertName } from "./objectives.ts";
import { type BurnWindow, burnWindows } from "./windows.ts";

/** One test of promtool: series, and what expressions give at a time. */
export interface RuleTest {
  readonly name: string;
  readonly interval: "1m";
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test: readonly Expected[];
}

interface Expected {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** A file of tests as promtool reads it. */
export interface RuleTestFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly RuleTest[];
}

interface Counts {
  readonly total: string;
  readonly failed: string;
}

/** All names of alerts of the objectives. */
const names = [...burnWindows.map(burnAlertName), fewAlertName];

/** After so many minutes a pair of windows has seen enough: its short window is full, and the long one has more than its least failures. */
const seenAfter: Readonly<Record<string, number>> = { "1h": 65, "6h": 365, "1d": 125, "3d": 365 };

/**
 * Makes tests of the rules of the objectives for one operation: each pair of windows fires at 1.2 times its burn and is silent at 0.9 times; a reset, a
 * restart between two readings, and one failure of one request an hour are silent.
 */
export function objectiveTests(monitored: Monitored, operation: MonitoredOperation): readonly RuleTest[] {
  const budget = 1 - operation.success;
  const perMinute = 600;
  const burning = (times: number, minutes: number): Counts => ({
    total: `0+${perMinute}x${minutes}`,
    failed: `0+${Number((perMinute * budget * times).toPrecision(8))}x${minutes}`,
  });
  const test = (name: string, counts: Counts, expected: readonly Expected[]): RuleTest => ({
    ...{ name: `${operation.name}: ${name}`, interval: "1m" },
    input_series: seriesOf(monitored, operation, counts),
    promql_expr_test: expected,
  });
  const silent = (minutes: number, alerts = names) => alerts.map((alert) => neverFired(alert, minutes));
  const possible = burnWindows.filter(({ burn }) => burn * budget * 1.2 <= 1);
  const fires = possible.map((window) => {
    const minutes = seenAfter[window.long]!;
    const expected = firesAs(burnAlertName(window), minutes, burnLabels(window, monitored, operation));
    return test(`1.2 times the burn of ${window.long} and ${window.short} fires`, burning(window.burn * 1.2, minutes), [expected]);
  });
  const below = possible.map((window) => {
    const minutes = seenAfter[window.long]!;
    return test(
      `0.9 times the burn of ${window.long} and ${window.short} is silent`,
      burning(window.burn * 0.9, minutes),
      silent(minutes, [burnAlertName(window)]),
    );
  });
  const [fastest] = possible;
  const ended = fastest === undefined ? [] : [endedTest(fastest)];
  return [
    ...fires,
    ...below,
    ...ended,
    test("a reset of the counters is silent", { total: "0+600x120 0+600x120", failed: "3x120 0x120" }, silent(135)),
    test(
      "a restart is silent whose counters are almost where they were",
      { total: "0+10x120 _x3 1195+10x120", failed: "0x59 1x60 _x3 0x120" },
      silent(135),
    ),
    test(
      "one request an hour is silent, where one of them fails",
      { total: hourly(12, () => true), failed: hourly(12, (hour) => hour === 10) },
      silent(11 * 60 + 30),
    ),
    test("one request an hour is a ticket, where each of them fails", { total: hourly(6, () => true), failed: hourly(6, () => true) }, [
      ...silent(5 * 60 + 30, [burnAlertName(burnWindows[0]!), burnAlertName(burnWindows[1]!)]),
      ...(possible.includes(burnWindows[2]!)
        ? [firesAs(fewAlertName, 330, { ...labelsOf(monitored, operation), severity: "ticket" })]
        : []),
    ]),
  ];

  /** It has failed at three times the burn for half an hour, and does no more: the long window still says so. */
  function endedTest(window: BurnWindow): RuleTest {
    const each = Number((perMinute * budget * window.burn * 3).toPrecision(8));
    const counts = { total: `0+${perMinute}x50`, failed: `0+${each}x30 ${each * 30}x20` };
    const expr = `ALERTS{alertname="${burnAlertName(window)}",alertstate="firing"}`;
    return test(`a burn of ${window.long} that has ended is silent`, counts, [{ expr, eval_time: "50m", exp_samples: [] }]);
  }
}

function seriesOf({ job }: Monitored, { name, isDurable }: MonitoredOperation, { total, failed }: Counts): RuleTest["input_series"] {
  const reason = isDurable ? "given_up" : "unavailable";
  return [
    { series: `plimsoll_slo_total{job="${job}",instance="a",operation="${name}"}`, values: total },
    { series: `plimsoll_slo_failed_total{job="${job}",instance="a",operation="${name}",reason="${reason}"}`, values: failed },
  ];
}

function labelsOf({ service }: Monitored, { name }: MonitoredOperation) {
  return { operation: name, service };
}

function burnLabels({ severity }: BurnWindow, { service }: Monitored, { name, module, criticality }: MonitoredOperation) {
  return { criticality, module, operation: name, service, severity: criticality === "sheddable" ? "ticket" : severity };
}

/** That an alert fires, and with which labels. */
function firesAs(alertname: string, minutes: number, labels: Readonly<Record<string, string>>): Expected {
  const written = Object.entries({ alertname, alertstate: "firing", ...labels }).map(([name, value]) => `${name}="${value}"`);
  return {
    ...{ expr: `ALERTS{alertname="${alertname}",alertstate="firing"}`, eval_time: `${minutes}m` },
    exp_samples: [{ labels: `ALERTS{${written.join(",")}}`, value: 1 }],
  };
}

/** That an alert has not fired at any time until then. */
function neverFired(alertname: string, minutes: number): Expected {
  const expr = `count_over_time(ALERTS{alertname="${alertname}",alertstate="firing"}[${minutes}m])`;
  return { expr, eval_time: `${minutes}m`, exp_samples: [] };
}

/** One request an hour, of those that count; a value each minute. */
function hourly(hours: number, counts: (hour: number) => boolean): string {
  let value = 0;
  const parts: string[] = [];
  for (let hour = 0; hour < hours; hour++) {
    parts.push(`${value}x59`);
    if (counts(hour)) value++;
  }
  return [...parts, `${value}x59`].join(" ");
}

/** Makes a test of every other alert: it fires with the series of its row. */
export function alertTests(monitored: Monitored): readonly RuleTest[] {
  return alertsOf(monitored).map(({ name, fires }) => ({
    ...{ name: `${name} fires`, interval: "1m" as const },
    input_series: Object.entries(fires.series).map(([series, values]) => ({ series: selecting(series, monitored), values })),
    promql_expr_test: [
      {
        ...{ expr: `count(ALERTS{alertname="${name}",alertstate="firing"})`, eval_time: fires.at },
        exp_samples: [{ labels: "{}", value: 1 }],
      },
    ],
  }));
}
