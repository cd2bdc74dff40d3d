import type { Monitored } from "./monitored.ts";
import { burnAlertName, fewAlertName } from "./rules/objectives.ts";
import { burnWindows } from "./rules/windows.ts";

/** Where alerts go: webhooks. */
export interface AlertReceivers {
  /** What wakes a person. */
  readonly page: string;
  /** What waits for a working day. */
  readonly ticket: string;
}

/**
 * Writes the routes of Alertmanager: pages at once, tickets by the hour, one message for each operation. A fast burn inhibits the slower ones of the same operation,
 * and an app that is down inhibits all that follows from it.
 */
export function alertmanagerConfig({ service }: Monitored, { page, ticket }: AlertReceivers): object {
  const mine = `service="${service}"`;
  const burns = [...burnWindows.map(burnAlertName), fewAlertName];
  const inhibits = burns.slice(0, -1).map((faster, index) => ({
    source_matchers: [mine, `alertname="${faster}"`],
    target_matchers: [mine, `alertname=~"${burns.slice(index + 1).join("|")}"`],
    equal: ["operation"],
  }));
  return {
    route: {
      receiver: "ticket",
      group_by: ["service", "alertname", "operation"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [
        { receiver: "page", matchers: [mine, 'severity="page"'], group_wait: "10s", repeat_interval: "1h" },
        { receiver: "ticket", matchers: [mine, 'severity="ticket"'], group_wait: "5m", group_interval: "1h", repeat_interval: "24h" },
      ],
    },
    receivers: [
      { name: "page", webhook_configs: [{ url: page, send_resolved: true }] },
      { name: "ticket", webhook_configs: [{ url: ticket, send_resolved: true }] },
    ],
    inhibit_rules: [
      ...inhibits,
      { source_matchers: [mine, 'alertname="PlimsollDown"'], target_matchers: [mine, 'alertname!="PlimsollDown"'], equal: ["service"] },
      {
        source_matchers: [mine, 'alertname="PlimsollDatabaseUnavailable"'],
        target_matchers: [mine, 'alertname=~"PlimsollPoolSaturated|PlimsollDatabaseTimeouts|PlimsollServerErrors"'],
        equal: ["service"],
      },
      {
        source_matchers: [mine, 'alertname="PlimsollCertificateEndsSoon"'],
        target_matchers: [mine, 'alertname="PlimsollCertificateEnds"'],
        equal: ["name"],
      },
    ],
  };
}
