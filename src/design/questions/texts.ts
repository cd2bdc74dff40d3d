import type { Both } from "../language.ts";

const en = {
  no: "no",
  nothing: "nothing",
  perSecond: "100 requests per second",
  available: "99.9% in 30 days",
  window: "30 days",
  recovery: "RPO 5 minutes, RTO 1 hour",
  kept: "1 year",
  seconds: (seconds: number) => `${seconds} s`,
};

/** The defaults of questions that have words, in both languages. Each is understood as an answer in either. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    no: "否",
    nothing: "无",
    perSecond: "每秒 100 个请求",
    available: "30 天内 99.9%",
    window: "30 天",
    recovery: "RPO 5 分钟，RTO 1 小时",
    kept: "1 年",
    seconds: (seconds) => `${seconds} 秒`,
  },
};

/** Writes the default of a question in a language. */
export function defaultIn(language: keyof Both<unknown>, value: string): string {
  const seconds = /^(\d+(?:\.\d+)?) s$/.exec(value)?.[1];
  if (seconds !== undefined) return texts[language].seconds(Number(seconds));
  const found = Object.entries(texts.en).find(([, text]) => text === value);
  const text = texts[language][found?.[0] as keyof typeof en];
  return typeof text === "string" ? text : value;
}
