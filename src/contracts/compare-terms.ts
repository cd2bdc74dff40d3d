import type { TermsPair } from "./pair.ts";
import { compareRead } from "./schema/compare-schemas.ts";

/** Compares who may call: more may, and never fewer. */
export function compareAccess({ name, old, now, changes }: TermsPair): void {
  if (old.access === now.access) return;
  const widens =
    now.access === "public" || (old.roles !== undefined && now.roles !== undefined && old.roles.every((role) => now.roles?.includes(role)));
  const signedInNow = now.access === "a signed-in actor" && old.access !== "public";
  if (widens || signedInNow) return changes.harmless("access_widened", name, `It admitted ${old.access}, and admits ${now.access}.`);
  changes.breaks("access_narrowed", name, {
    message: `It admitted ${old.access}, and admits ${now.access}.`,
    affects:
      old.access === "public" ? "callers who have not signed in: they get 401" : "callers whom the new rule does not admit: they get 403",
    fix: "Admit both for a while, and see in the audit trail or the logs who still needs the earlier rule.",
  });
}

/** Compares what happens when a request is sent twice. */
export function compareIdempotency({ name, old, now, changes }: TermsPair): void {
  const [from, to] = [old.idempotent, now.idempotent];
  if (from === to) return;
  const breaks = (rule: string, affects: string) =>
    changes.breaks(rule, name, {
      message: `idempotent was ${from} and is ${to}.`,
      affects,
      fix: "Keep it, and put the change into an operation beside this one.",
    });
  if (to.startsWith("key"))
    return breaks("key_required", "callers who send no Idempotency-Key, or another scope of it: they get 400, or run it twice");
  if (from === "no") return changes.harmless("idempotency_gained", name, `It may be sent again now: idempotent is ${to}.`);
  if (from.startsWith("key") && to === "natural") return changes.harmless("key_unneeded", name, "It may be sent again without a key now.");
  breaks("idempotency_lost", "callers who send a request again after a failure: it takes effect twice");
}

/** Compares how long and how often: more, and never less. */
export function compareTimes({ name, old, now, changes }: TermsPair): void {
  if (now.deadlineMs > old.deadlineMs)
    changes.harmless("deadline_raised", name, `The deadline was ${old.deadlineMs} ms and is ${now.deadlineMs} ms.`);
  if (now.deadlineMs < old.deadlineMs)
    changes.breaks("deadline_tightened", name, {
      message: `The deadline was ${old.deadlineMs} ms and is ${now.deadlineMs} ms.`,
      affects: "callers whose requests take longer: they get 504",
      fix: "See in the metrics how long its slowest requests take, and keep it above those.",
    });
  const perSecond = (rate: { readonly limit: number; readonly periodMs: number }) => (rate.limit * 1_000) / rate.periodMs;
  for (const [rate, { limit, periodMs }] of Object.entries(now.rates ?? {})) {
    const before = old.rates?.[rate];
    if (before !== undefined && perSecond(before) <= perSecond({ limit, periodMs })) continue;
    changes.breaks("rate_tightened", `${name} ${rate}`, {
      message: `It admits ${limit} requests in ${periodMs} ms, and admitted ${before === undefined ? "any number" : `${before.limit} in ${before.periodMs} ms`}.`,
      affects: "callers who send more: they get 429",
      fix: 'Measure first, with mode: "measure", whom it would refuse.',
    });
  }
  for (const [rate, before] of Object.entries(old.rates ?? {})) {
    const after = now.rates?.[rate];
    if (after === undefined || perSecond(after) > perSecond(before))
      changes.harmless("rate_raised", `${name} ${rate}`, "It admits more requests.");
  }
}

/** Compares the faults that callers tell apart. */
export function compareFaults({ name, old, now, changes }: TermsPair): void {
  const [before, after] = [old.faults ?? {}, now.faults ?? {}];
  for (const [type, was] of Object.entries(before)) {
    const where = `${name} fault ${type}`;
    const is = after[type];
    if (is === undefined) {
      changes.breaks("fault_removed", where, {
        message: "The operation does not declare it any more.",
        affects: "callers who decide by its type, and typed clients, which do not compile",
        fix: "Keep declaring it until they have stopped.",
      });
      continue;
    }
    if (was.code !== is.code || was.status !== is.status)
      changes.breaks("fault_code_changed", where, {
        message: `It was ${was.code} (${was.status}) and is ${is.code} (${is.status}).`,
        affects: "callers who decide by its code or status, retries among them",
        fix: "Declare another fault beside it.",
      });
    if (was.details === undefined && is.details === undefined) continue;
    compareRead(
      {
        before: was.details ?? {},
        after: is.details ?? { type: "null" },
        rule: "fault_details",
        where: `${where} details`,
        who: "callers",
      },
      changes,
    );
  }
  for (const type of Object.keys(after))
    if (before[type] === undefined)
      changes.harmless("fault_added", `${name} fault ${type}`, "The fault is new: callers decide by its code.");
}

/** Compares until when it stays. */
export function compareDeprecation({ name, old, now, changes }: TermsPair, today: string): void {
  const [was, is] = [old.deprecated, now.deprecated];
  if (was === undefined && is !== undefined) changes.harmless("deprecated", name, `It is deprecated, and stays until ${is.removeAfter}.`);
  if (was !== undefined && is === undefined) changes.harmless("deprecation_withdrawn", name, "It is not deprecated any more.");
  if (was === undefined || is === undefined || is.removeAfter >= was.removeAfter || was.removeAfter < today) return;
  changes.breaks("sunset_earlier", name, {
    message: `It was announced to stay until ${was.removeAfter}, and now until ${is.removeAfter}.`,
    affects: "callers who planned their change by that day",
    fix: `Keep ${was.removeAfter}, or name a later day.`,
  });
}
