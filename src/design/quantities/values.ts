/** Is a number, or a range of numbers, that a text writes in digits or words. */
export interface WrittenValue {
  readonly value: number;
  readonly upper?: number;
  /** `+` after it, or a word such as `sub-` that is part of it. */
  readonly bound?: "at-least" | "at-most" | "about";
  readonly start: number;
  readonly end: number;
  /** Written in words: such numbers are often part of a phrase, as in "as one user". */
  readonly inWords: boolean;
}

const chineseDigits = "零〇一二两三四五六七八九";
const chineseScales: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1_000, 万: 1e4, 亿: 1e8 };
const scales: Readonly<Record<string, number>> = {
  k: 1e3,
  K: 1e3,
  m: 1e6,
  M: 1e6,
  mn: 1e6,
  B: 1e9,
  bn: 1e9,
  hundred: 100,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
};
const words: Readonly<Record<string, number>> = Object.fromEntries(
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    .split(" ")
    .map((word, value) => [word, value] as const)
    .concat("thirty forty fifty sixty seventy eighty ninety".split(" ").map((word, index) => [word, 30 + index * 10] as const)),
);
const anyCase = (word: string): string => `[${word[0]!.toUpperCase()}${word[0]}]${word.slice(1)}`;
const wordNames = Object.keys(words).map(anyCase).join("|");
const scaleNames = ["hundred", "thousand", "million", "billion"].map(anyCase).join("|");
const units = "one two three four five six seven eight nine".replaceAll(" ", "|");

const digits = "(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?";
// A single letter is a scale only if no letter follows, but for the abbreviations of rates: "10kTPS". "5m" is 5 minutes, "5m users" 5 million.
const scale = `(?:\\s?(?:${scaleNames}|mn|bn|[kKMB]|m(?= [a-z]{4,}))(?:(?![A-Za-z])|(?=[TQR]PS))|\\s?[十百千万亿]+(?!分(?!钟)))`;
const inDigits = `${digits}(?:${scale})?`;
// Not inside a name, a version, a date or a price; "sub-100ms" is no name.
const notBefore = "(?<![A-Za-z0-9_.#]|\\d[,:/-]|(?<![Ss]ub)(?<=[A-Za-z])-|[A-Za-z]/|[$¥€£] ?)";
const through = `\\s?(?:ms|s|%|qps|tps|rps)?\\s?(?:[-–—~〜至到]|to(?= )|and(?<=[Bb]etween [^,;.]{0,20}and))\\s?`;
const pattern = new RegExp(
  [
    `${notBefore}(?<first>${inDigits})(?:(?<plus>\\+)|${through}(?=${digits}(?![\\d-]))(?<second>${inDigits}))?`,
    `(?<![A-Za-z-])(?<word>(?:(?:${wordNames})(?:-(?:${units}))?|[Aa]n?(?= (?:${scaleNames})))(?: (?:${scaleNames}))*)(?![A-Za-z])`,
    `(?<![${chineseDigits}十百千万亿第\\d])(?<chinese>[${chineseDigits}十百千万亿]+)`,
    "(?<![A-Za-z])(?<sub>[Ss]ub)[- ]?(?=(?:milli)?second)|(?<ya>亚)(?=毫?秒)",
    "(?<![A-Za-z])(?<half>[Hh]alf) an?(?= )",
  ].join("|"),
  "g",
);

/** Finds the numbers of a normalized text, in their order. What looks like a part of a name, a version or a date is left out. */
export function findValues(text: string): readonly WrittenValue[] {
  const found: WrittenValue[] = [];
  for (const match of text.matchAll(pattern)) {
    const { index: start } = match;
    const end = start + match[0].length;
    const { first, second, plus, word, chinese, sub, ya, half } = match.groups!;
    if (first !== undefined) found.push({ ...readDigits(first, second, plus), start, end, inWords: false });
    else if (word !== undefined) found.push({ value: readWords(word), start, end, inWords: true });
    else if (chinese !== undefined) found.push({ ...readChinese(chinese, text[end]), start, end, inWords: true });
    else if (sub !== undefined || ya !== undefined) found.push({ value: 1, bound: "at-most", start, end, inWords: true });
    else if (half !== undefined) found.push({ value: 0.5, start, end, inWords: true });
  }
  return found.filter(({ value }) => Number.isFinite(value));
}

function readDigits(first: string, second: string | undefined, plus: string | undefined): Pick<WrittenValue, "value" | "upper" | "bound"> {
  const low = readScaled(first);
  if (second === undefined) return plus === undefined ? { value: low.value } : { value: low.value, bound: "at-least" };
  const high = readScaled(second);
  // "10-20k" means 10k to 20k.
  const value = low.scale === 1 && low.value < high.value / high.scale ? low.value * high.scale : low.value;
  return value < high.value ? { value, upper: high.value } : { value: low.value };
}

function readScaled(written: string): { readonly value: number; readonly scale: number } {
  const [, number, rest = ""] = /^([\d,.]+)\s?(.*)$/s.exec(written)!;
  const name = rest.trim();
  const factor = name === "" ? 1 : (scales[name] ?? scales[name.toLowerCase()] ?? chineseScale(name));
  return { value: round(Number(number!.replaceAll(",", "")) * factor), scale: factor };
}

function chineseScale(name: string): number {
  return [...name].reduce((product, sign) => product * (chineseScales[sign] ?? 1), 1);
}

/** 0.1 × 3 is 0.30000000000000004: what was written in decimals is meant in decimals. */
function round(value: number): number {
  return Number(value.toPrecision(15));
}

function readWords(written: string): number {
  return written
    .toLowerCase()
    .split(" ")
    .reduce((value, word) => {
      if (scales[word] !== undefined && word.length > 1) return value * scales[word];
      return word.split("-").reduce((sum, part) => sum + (words[part] ?? 1), 0);
    }, 1);
}

function readChinese(written: string, next: string | undefined): Pick<WrittenValue, "value" | "bound"> {
  let total = 0;
  let section = 0;
  let digit: number | undefined;
  for (const sign of written) {
    const scaleOf = chineseScales[sign];
    if (scaleOf === undefined) digit = sign === "两" ? 2 : [0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9][chineseDigits.indexOf(sign)]!;
    else if (scaleOf < 1e4) {
      section += (digit ?? 1) * scaleOf;
      digit = undefined;
    } else {
      total = (total + section + (digit ?? (section === 0 && total === 0 ? 1 : 0))) * scaleOf;
      section = 0;
      digit = undefined;
    }
  }
  const value = total + section + (digit ?? 0);
  return next === "级" ? { value, bound: "about" } : { value };
}
