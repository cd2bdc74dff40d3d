import type { Load, Statistic } from "./quantity.ts";

/** Is a word that qualifies a quantity near it. */
export interface Mark<T> {
  readonly value: T;
  readonly start: number;
  readonly end: number;
}

const percentile =
  /(?<![A-Za-z\d])T?[Pp]-?(?<short>\d{2,3}(?:\.\d+)?)(?![\d%A-Za-z])|(?<long>\d{2}(?:\.\d+)?)\s?(?:th|st|nd|rd)?[ -]?(?:percentile|pctl|(?:百)?分位(?:数|值|点)?)|第\s?(?<nth>\d{2}(?:\.\d+)?)\s?百分位(?:数)?|(?<share>\d{2}(?:\.\d+)?)\s?(?:%|percent\b)\s?(?:of (?:all |the |API |user |search )*(?:requests|calls|queries|responses|operations|transactions|reads|writes|cases|time)|的?(?:API|接口|用户)?(?:请求|调用|查询|响应|操作|交易|场景|情况))|(?<median>\bmedian\b|中位数)|(?<mean>\b(?:average|avg|mean)\b|平均)|(?<worst>\bworst[ -]case\b|最坏)/gi;

/** Finds percentiles and averages. `share` is set where a percentage stands for a percentile, as in "95% of requests". */
export function findStatistics(text: string): readonly (Mark<Statistic> & { readonly isShare: boolean })[] {
  return [...text.matchAll(percentile)].map((match) => {
    const { short, long, nth, share, median, mean } = match.groups!;
    const number = short ?? long ?? nth ?? share;
    const start = match.index;
    const at = { start, end: start + match[0].length, isShare: share !== undefined };
    if (median !== undefined) return { value: "p50" as const, ...at };
    if (mean !== undefined) return { value: "mean" as const, ...at };
    if (number === undefined || number === "100") return { value: "max" as const, ...at };
    // "P999" is written for 99.9.
    const value = number.length === 3 && !number.includes(".") ? Number(number) / 10 : Number(number);
    return { value: `p${value}` as const, ...at };
  });
}

const loads =
  /(?<peak>\bpeak(?:s|ing)?\b|\bburst(?:s|ing)?\b|\bspikes?\b|峰值|高峰|突发|瞬时)|(?<sustained>\bsustain(?:ed|s)?\b|\bsteady\b|\bcontinuous(?:ly)?\b|持续|稳态)|(?<average>\baverage\b|\bavg\b|\bmean\b|\bon average\b|平均|日均|均值)/gi;

/** Finds words for the load that a figure is for. */
export function findLoads(text: string): readonly Mark<Load>[] {
  return [...text.matchAll(loads)].map((match) => {
    const { peak, sustained } = match.groups!;
    const value = peak !== undefined ? "peak" : sustained !== undefined ? "sustained" : "average";
    return { value, start: match.index, end: match.index + match[0].length };
  });
}
