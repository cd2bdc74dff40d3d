import type { Per } from "./quantity.ts";

const names: readonly (readonly [Per, string, string])[] = [
  ["user", "(?:active |concurrent )?(?:user|customer|account|student|member|person|employee)", "用户|账号|账户|客户|人"],
  ["tenant", "(?:tenant|organi[sz]ation|org|company|workspace|merchant|shop)", "租户|企业|商户|组织|店铺"],
  ["address", "(?:source |client )?(?:IP)(?: address)?", "IP(?:地址)?"],
  ["key", "(?:API[ -])?(?:key|token|client|application)", "(?:API )?(?:密钥|[Kk]ey|KEY|应用|令牌)"],
  ["instance", "(?:instance|node|server|pod|replica|machine|core|worker|container|shard|partition)", "机器?|节点|实例|服务器|台|核|副本"],
  ["endpoint", "(?:endpoint|route|API)", "接口|API"],
];

const after = names.map(
  ([per, english, chinese]) =>
    [
      per,
      new RegExp(
        `\\s?(?:/|\\bper[ -]|\\beach |\\bon a single |\\ba (?=user|tenant|node))\\s?${english}(?![A-Za-z])|\\s?(?:/\\s?|每(?:一)?个?|每一?台|单个?)(?:${chinese})`,
        "iy",
      ),
    ] as const,
);
const anywhere = names.map(
  ([per, english, chinese]) =>
    [
      per,
      new RegExp(
        `(?:\\bper[ -]|/\\s?|\\beach |\\bsingle[ -]|\\bevery )${english}(?![A-Za-z])|(?:每(?:一)?(?:个|位|名|台|家)?|(?<![下订派运账清表菜])单(?:个|一|台)?)\\s?(?:${chinese})`,
        "gi",
      ),
    ] as const,
);
const global = /\bglobal(?:ly)?\b|\boverall\b|\bsystem-?wide\b|\bin total\b|全局|全站|总体|整体/gi;

/** Reads "per user", "/IP" or "每用户" at `index`. */
export function readPer(text: string, index: number): { readonly per: Per; readonly end: number } | undefined {
  for (const [per, pattern] of after) {
    pattern.lastIndex = index;
    if (pattern.test(text)) return { per, end: pattern.lastIndex };
  }
  return undefined;
}

/** Finds where a text says what a figure is for each of. */
export function findPer(text: string): readonly { readonly per: Per; readonly at: number }[] {
  const found = [...anywhere, ["global", global] as const].flatMap(([per, pattern]) =>
    [...text.matchAll(pattern)].map(({ index }) => ({ per, at: index })),
  );
  return found.toSorted((one, other) => one.at - other.at);
}
