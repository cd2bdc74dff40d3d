import type { Measure, QuantityUnit } from "./quantity.ts";

const ofTimes: readonly (readonly [Measure, RegExp])[] = [
  [
    "rpo",
    /\bRPO\b|recovery point|恢复点|数据丢失|丢失数据|data loss|\blos(?:s|e|es|ing)\b(?=[^.;]{0,40}\bdata\b)|^(?=\s?(?:worth )?of data\b)/gi,
  ],
  [
    "rto",
    /\bRTO\b|recovery time|恢复时间|故障恢复|故障切换|failover|recover(?:y|s|ed)?\b|\brestor(?:e|es|ed|ation)\b|\bback (?:up |online |in service )*within|恢复|主备切换|主从切换/gi,
  ],
  [
    "retention",
    /\bretain|retention|\bkept\b(?! (?:under|below|within|at\b|up))|\bkeep\b|\bstored? for|\barchiv|保留|留存|保存|归档|存储周期/gi,
  ],
  [
    "latency",
    /latenc|\bdelay|\b(?:reach(?:es)?|arrives?|visible|comes? back)\b|\brespon[ds]|round[ -]?trip|\bload(?:s|ed|ing)?\b|\bcomplet(?:e|es|ed) (?:in|within)|\breturn(?:s|ed)? (?:in|within)|\bprocess(?:es|ed|ing)? (?:in|within|time)|\b(?:generated|created|built|rendered|delivered|available|executed|updated|synced|propagated|detected?|visible) (?:with)?in\b|\bquery time|\bexecution time|延迟|时延|响应|耗时|返回|加载|处理时间|查询时间|执行时间|处理时长|首屏|到账|送达时间|生效|(?<=内)完成/gi,
  ],
];
const ofShares: readonly (readonly [Measure, RegExp])[] = [
  ["availability", /availab|\buptime\b|\bSLA\b|\bSLO\b|reliability|可用性|可用率|可用度|可靠性|在线率|高可用|正常运行/gi],
  ["success", /success|deliver(?:y|ed) rate|delivery|成功率|送达率|到达率|成功/gi],
  ["errors", /\berror|\bfail(?:ure|ed|s)?\b|\bdowntime|\bdrop(?:ped)?\b|错误率|失败率|丢失率|丢包|错误|失败/gi],
];

/** Returns what a time or a percentage is of, by the word that stands nearest to it. `before` ends where the number begins, `after` begins where its unit ends. */
export function meaningOf(unit: QuantityUnit, { before, after }: { readonly before: string; readonly after: string }): Measure | undefined {
  const rows = unit === "ms" ? ofTimes : unit === "percent" ? ofShares : [];
  let nearest: { readonly measure: Measure; readonly distance: number } | undefined;
  for (const [measure, pattern] of rows) {
    const left = [...before.matchAll(pattern)].at(-1);
    const right = [...after.matchAll(pattern)][0];
    const distances = [
      ...(left === undefined ? [] : [before.length - left.index - left[0].length]),
      // What follows belongs to the number less often than what is before it.
      ...(right === undefined ? [] : [right.index * 2 + 1]),
    ];
    const distance = Math.min(...distances);
    if (distances.length > 0 && distance < (nearest?.distance ?? Number.POSITIVE_INFINITY)) nearest = { measure, distance };
  }
  // "Scan a ticket in under half a second": without another word it is how long that takes.
  if (nearest === undefined && unit === "ms" && /\bin (?:under|less than|at most|no more than)\s*$/i.test(before)) return "latency";
  return nearest?.measure;
}
