import type { Both, Language } from "../language.ts";
import { timeMs } from "../quantities/quantity.ts";
import { readQuantities } from "../quantities/read-quantities.ts";
import type { Answer, Question } from "../questions/question.ts";
import { findQuestions, strictest } from "../questions/questions.ts";
import { conflictsOf, type Need } from "../reading/needs.ts";
import type { Requirements } from "../reading/read-requirements.ts";
import { boundedContexts } from "./bounded-contexts.ts";
import { consistencyOf, refusalsOf, stackOf } from "./choices.ts";
import type { Assumption, Design } from "./design.ts";
import { deadlineOf, figure, loadOf, planningDefaults } from "./load.ts";
import { firstToGiveOut, scalesOf } from "./scales.ts";

/**
 * Makes a design of what a document asks for and of the answers to its questions. What neither says is taken by default, and recorded as an assumption.
 * *Guarantees*: the same input gives the same design.
 */
export function makeDesign(
  requirements: Requirements,
  { answers, language }: { readonly answers: readonly Answer[]; readonly language: Language },
): Design {
  const asked = findQuestions(requirements);
  const open = asked.filter(({ code }) => !answers.some((answer) => answer.code === code));
  const value = (code: string): string | undefined =>
    answers.find((answer) => answer.code === code)?.value ?? open.find((one) => one.code === code)?.default;
  const needs = [...settled(requirements.needs, answers), ...given(value("rate"), { measure: "rate", code: "rate", answers })];
  const known = { ...requirements, needs };
  const load = loadOf(needs, {
    peakFactor: numberOf(value("peak-factor")) ?? planningDefaults.peakFactor,
    thinkTimeMs: (numberOf(value("think-time")) ?? planningDefaults.thinkTimeMs / timeMs.second) * timeMs.second,
    requestsPerUser: planningDefaults.requestsPerUser,
  });
  const deadlineMs = deadlineOf(needs, value("latency"));
  const scales = scalesOf({ load, deadlineMs }, [1, 10, 100]);
  const [now] = scales;
  const input = { requirements: known, load, now: now! };
  return {
    format: 1,
    title: requirements.title,
    language,
    file: requirements.file,
    understood: requirements.understood,
    needs,
    notUsed: requirements.notUsed,
    entities: requirements.entities,
    roles: requirements.roles,
    operations: requirements.operations,
    work: requirements.work,
    concerns: requirements.concerns,
    contexts: boundedContexts(requirements),
    load,
    deadlineMs,
    concurrency: {
      value: Math.ceil((load.peak * deadlineMs) / timeMs.second),
      formula: `L = λ W = ${figure(load.peak)}/s × ${deadlineMs / timeMs.second} s`,
    },
    scales,
    firstToGiveOut: firstToGiveOut({ load, deadlineMs }),
    stack: stackOf(input),
    refusals: refusalsOf(input),
    consistency: consistencyOf(input),
    risks: risksOf(requirements, open),
    assumptions: open.filter((question) => question.default !== "nothing").map(assumed),
    answers,
    questions: open,
  };
}

function assumed({ code, default: value, changes }: Question): Assumption {
  return { code, value, changes };
}

/** Of needs that contradict each other, the one that an answer names, or the strictest, stays. */
function settled(needs: readonly Need[], answers: readonly Answer[]): readonly Need[] {
  const dropped = new Set(
    conflictsOf(needs).flatMap((group) => {
      const answer = answers.find(({ code }) => code === `conflict-${group[0]!.id.toLowerCase()}`);
      const kept = group.find(({ source }) => source.quote === answer?.value) ?? strictest(group);
      return group.filter(({ source }) => source.quote !== kept.source.quote).map(({ id }) => id);
    }),
  );
  return needs.filter(({ id }) => !dropped.has(id));
}

/** An answer that states a quantity is a need like those of the document. */
function given(
  value: string | undefined,
  { measure, code, answers }: { readonly measure: Need["quantity"]["measure"]; readonly code: string; readonly answers: readonly Answer[] },
): readonly Need[] {
  if (value === undefined) return [];
  const answer = answers.find((one) => one.code === code);
  const [file = "default", line = "1"] = (answer?.from ?? "").split(":");
  return readQuantities(value)
    .filter((quantity) => quantity.measure === measure || quantity.measure === "users")
    .map(({ start: _s, end: _e, quote, ...quantity }) => ({
      id: `A-${code}`,
      status: answer === undefined ? ("assumed" as const) : ("stated" as const),
      quantity,
      source: { file: file === "" ? "default" : file, line: Number(line), column: 1, quote },
      rule: answer === undefined ? "the default of a question" : "an answer",
      topic: "",
    }));
}

function numberOf(text: string | undefined): number | undefined {
  const match = /\d+(?:\.\d+)?/.exec(text ?? "");
  return match === null || Number(match[0]) === 0 ? undefined : Number(match[0]);
}

function risksOf(requirements: Requirements, open: readonly Question[]): readonly Both<string>[] {
  const share = Math.round(requirements.understood.share * 100);
  const risks: Both<string>[] = [];
  if (share < 80)
    risks.push({
      en: `${100 - share}% of the document was not understood and is not in this design.`,
      zh: `文档有 ${100 - share}% 未被理解，不在本设计之内。`,
    });
  const blocking = open.filter(({ blocks }) => blocks);
  if (blocking.length > 0)
    risks.push({
      en: `${blocking.length} questions that decide the design were assumed.`,
      zh: `有 ${blocking.length} 个决定性问题是按假设处理的。`,
    });
  if (requirements.instructions.length > 0)
    risks.push({
      en: `Line ${requirements.instructions[0]!.line} of the document addresses a model of language. It was read as text.`,
      zh: `文档第 ${requirements.instructions[0]!.line} 行在对语言模型说话，已按普通文本读取。`,
    });
  if (requirements.documentLanguage === "other")
    risks.push({
      en: "The document is neither English nor Chinese: only figures with international units were read.",
      zh: "文档既非英文也非中文：只读取了带国际单位的数字。",
    });
  risks.push({ en: "The demands of a request are assumed until they are measured.", zh: "单个请求的资源消耗在测量之前为假定值。" });
  return risks;
}
