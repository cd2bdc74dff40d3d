import type { Bound } from "./quantity.ts";

const rest =
  "(?:\\s|of|an?|the|to|is|be|at|:|：|\\*|[Pp]\\d{2,3}|为|在|到|于|值|则|保[存留持]|留存|支[持撑]|达到|提供|处理|support(?:s|ing)?|handl(?:e|ing)|keep|retain|`|\\(|（)*$";
const before: readonly (readonly [Bound, RegExp])[] = [
  ["at-most", new RegExp(`(?:≤|<=|=<|<|&lt;=?|≦|⩽)${rest}`)],
  ["at-least", new RegExp(`(?:≥|>=|=>|>|&gt;=?|≧|⩾)${rest}`)],
  ["about", new RegExp(`(?:~|≈|±)${rest}`)],
  [
    "at-most",
    new RegExp(
      `(?:\\b(?:(?:no|not|never) (?:be )?(?:more|greater|longer|higher|slower|later) than|(?:not|never) [a-z]+ more than|(?:not|never) exceed(?:ing)?|n't exceed|without (?:[\\w-]+ ){0,5}exceeding|at most|up to|under|below|less than|lower than|fewer than|faster than|within|maximum|max\\.?|limited to|capped at|sub-)|不(?:得|能|应|可|会)?(?:超过|高于|大于|多于|超出)|小于等于|小于|低于|少于|短于|最多|最高|最大|最长|至多|控制在|限制在|上限)${rest}`,
      "i",
    ),
  ],
  [
    "at-least",
    new RegExp(
      `(?:\\b(?:(?:no|not) (?:be )?(?:less|fewer|lower) than|at least|at minimum|over|more than|greater than|higher than|above|exceed(?:s|ing)?|minimum|min\\.?|upwards of|beyond)|不(?:得|能|应|可)?(?:低于|少于|小于)|大于等于|大于|高于|超过|多于|至少|最低|最少|起码|下限)${rest}`,
      "i",
    ),
  ],
  ["about", new RegExp(`(?:\\b(?:about|around|approximately|approx\\.?|roughly|nearly|circa)|大约|大概|约|(?<![最附])近)${rest}`, "i")],
];
const after: readonly (readonly [Bound, RegExp])[] = [
  [
    "at-least",
    /(?:\+(?!\s?\d)|\s?(?:或|及)?以上|\s?or (?:more|higher|above|better|greater)\b|\s?and (?:above|up)\b|\s?\(?(?:at )?(?:minimum|min|least)\b|\s?起(?![动来始点步]))/iy,
  ],
  [
    "at-most",
    /(?:\s?(?:或|及)?以(?:下|内)|\s?之?内(?![存部容网置])|\s?or (?:less|lower|fewer|faster|below|under|better)\b|\s?\(?(?:at )?(?:maximum|max|most)\b)/iy,
  ],
  ["about", /\s?(?:左右|上下)/y],
];

/** Finds the bound that ends right before a number; the longest counts, so that "no less than" is not "less than". */
export function readBoundBefore(text: string): { readonly bound: Bound; readonly start: number } | undefined {
  let longest: { readonly bound: Bound; readonly start: number } | undefined;
  for (const [bound, pattern] of before) {
    const start = pattern.exec(text)?.index;
    if (start !== undefined && start < (longest?.start ?? Number.POSITIVE_INFINITY)) longest = { bound, start };
  }
  return longest;
}

/** Reads the bound that stands right after a unit, as in "200 ms 以内". For a time, "or better" means less. */
export function readBoundAfter(text: string, index: number, isTime: boolean): { readonly bound: Bound; readonly end: number } | undefined {
  for (const [bound, pattern] of isTime ? after.toReversed() : after) {
    pattern.lastIndex = index;
    if (pattern.test(text)) return { bound, end: pattern.lastIndex };
  }
  return undefined;
}
