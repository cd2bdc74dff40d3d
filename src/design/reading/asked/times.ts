/** Which minute of an hour, and which hour of a day, is taken where a text names none: a time at which few are awake. */
const quiet = { minute: 0, hour: 2 } as const;

const weekdays: readonly (readonly [RegExp, number])[] = [
  [/\bmondays?\b|周一|星期一/i, 1],
  [/\btuesdays?\b|周二|星期二/i, 2],
  [/\bwednesdays?\b|周三|星期三/i, 3],
  [/\bthursdays?\b|周四|星期四/i, 4],
  [/\bfridays?\b|周五|星期五/i, 5],
  [/\bsaturdays?\b|周六|星期六/i, 6],
  [/\bsundays?\b|周[日天]|星期[日天]/i, 0],
];

/** Reads when something is to be done again and again, as an expression of cron: `every 15 minutes`, `nightly at 02:30`, `每天凌晨3点`, `0 2 * * *`. */
export function cronOf(text: string): string | undefined {
  const written = /(?<![\d*/])(?<cron>(?:[\d*][\d*/,-]* ){4}[\d*a-zA-Z][\d*/,a-zA-Z-]*)(?![\d*/])/.exec(text)?.groups?.cron;
  if (written?.includes("*")) return written;
  const step =
    /\bevery (?<count>\d{1,2}) ?(?<unit>min(?:ute)?s?|h(?:ours?)?)\b|每(?:隔)? ?(?<zhCount>\d{1,2}) ?个?(?<zhUnit>分钟|小时)/i.exec(
      text,
    )?.groups;
  if (step !== undefined) return stepOf(Number(step.count ?? step.zhCount), /^(?:h|小时)/i.test((step.unit ?? step.zhUnit)!));
  if (/\bevery minute\b|每分钟(?!\D{0,4}\d)/i.test(text)) return "* * * * *";
  if (/\bhourly\b|\b(?:every|each) hour\b|每小时(?!\D{0,4}\d)|每个小时/i.test(text)) return "0 * * * *";
  const { minute, hour } = timeOf(text);
  const day = weekdays.find(([pattern]) => pattern.test(text))?.[1];
  if (day !== undefined && /\b(?:every|each|on|weekly)\b|每/i.test(text)) return `${minute} ${hour} * * ${day}`;
  if (/\bweekly\b|\b(?:every|each) week\b|每周/i.test(text)) return `${minute} ${hour} * * 1`;
  const ofMonth = /\bmonthly\b|\b(?:every|each|of the|of each) month\b|每月/i.test(text);
  if (ofMonth) return `${minute} ${hour} ${dayOfMonth(text)} * *`;
  if (/\b(?:daily|nightly)\b|\b(?:every|each) (?:day|night|morning|evening)\b|每[天日晚]|每个?(?:凌晨|夜里)/i.test(text))
    return `${minute} ${hour} * * *`;
  return undefined;
}

function stepOf(count: number, isHours: boolean): string | undefined {
  if (count === 0 || count > (isHours ? 23 : 59)) return undefined;
  return isHours ? `0 */${count} * * *` : `*/${count} * * * *`;
}

function timeOf(text: string): { readonly minute: number; readonly hour: number } {
  const english =
    /\b(?:at )?(?<hour>[01]?\d|2[0-3])(?::(?<minute>[0-5]\d))? ?(?<half>am|pm)\b|\b(?<hour24>[01]?\d|2[0-3]):(?<minute24>[0-5]\d)\b/i.exec(
      text,
    )?.groups;
  if (english?.half !== undefined)
    return { hour: (Number(english.hour) % 12) + (/pm/i.test(english.half) ? 12 : 0), minute: Number(english.minute ?? 0) };
  if (english?.hour24 !== undefined) return { hour: Number(english.hour24), minute: Number(english.minute24) };
  const chinese = /(?<part>凌晨|早上|上午|中午|下午|晚上?|夜里)? ?(?<hour>\d{1,2}) ?[点时](?<half>半)?/.exec(text)?.groups;
  if (chinese !== undefined && Number(chinese.hour) < 24) {
    const isLater = /下午|晚|夜/.test(chinese.part ?? "") && Number(chinese.hour) < 12;
    return { hour: Number(chinese.hour) + (isLater ? 12 : 0), minute: chinese.half === undefined ? 0 : 30 };
  }
  return /\bmidnight\b|零点|午夜/i.test(text) ? { hour: 0, minute: 0 } : quiet;
}

function dayOfMonth(text: string): number | "L" {
  if (/\blast day\b|月末|月底/i.test(text)) return "L";
  const day = Number(
    /\b(?<day>\d{1,2})(?:st|nd|rd|th)\b|(?<zh>\d{1,2}) ?[号日]/
      .exec(text)
      ?.slice(1)
      .find((one) => one !== undefined) ?? 1,
  );
  return day >= 1 && day <= 28 ? day : 1;
}
