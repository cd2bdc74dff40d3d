/** Nouns that PRDs in Chinese use without an English name beside them. The longest that fits is taken. */
const nouns: Readonly<Record<string, string>> = {
  用户: "user",
  会员: "member",
  客户: "customer",
  商户: "merchant",
  商家: "merchant",
  员工: "employee",
  部门: "department",
  企业: "company",
  账户: "account",
  账单: "bill",
  流水: "ledger_entry",
  订单: "order",
  订单项: "order_item",
  明细: "item",
  商品: "product",
  产品: "product",
  分类: "category",
  库存: "stock_item",
  购物车: "cart",
  支付: "payment",
  支付单: "payment",
  退款: "refund",
  退款单: "refund",
  交易: "transaction",
  发票: "invoice",
  优惠券: "coupon",
  对账: "reconciliation",
  对账差异: "difference",
  差异: "difference",
  渠道: "channel",
  合同: "contract",
  项目: "project",
  任务: "task",
  工单: "ticket",
  审批: "approval",
  流程: "process",
  消息: "message",
  通知: "notice",
  评论: "comment",
  评价: "review",
  文章: "article",
  课程: "course",
  学生: "student",
  教师: "teacher",
  班级: "class",
  设备: "device",
  传感器: "sensor",
  读数: "reading",
  告警: "alert",
  规则: "rule",
  报表: "report",
  日志: "log_entry",
  文件: "file",
  地址: "address",
  标签: "tag",
  角色: "role",
  权限: "permission",
  配置: "setting",
};

const sameInPlural: ReadonlySet<string> = new Set(["stock", "inventory", "media", "data", "equipment", "information", "feedback", "staff"]);
const irregular: Readonly<Record<string, string>> = { person: "people", child: "children", index: "indexes", criterion: "criteria" };

/** Returns the name of one thing: of `categories` it is `category`. Words are joined by `_`. */
export function singular(name: string): string {
  const [last = "", ...before] = name.split("_").toReversed();
  const known = Object.entries(irregular).find(([, many]) => many === last)?.[0];
  const one =
    known ??
    (sameInPlural.has(last) || /(?:ss|us|is)$/.test(last)
      ? last
      : last
          .replace(/ies$/, "y")
          .replace(/(s|x|z|ch|sh)es$/, "$1")
          .replace(/([^s])s$/, "$1"));
  return [...before.toReversed(), one].join("_");
}

/** Returns the name of many things: of `category` it is `categories`. */
export function plural(name: string): string {
  const [last = "", ...before] = name.split("_").toReversed();
  const many =
    irregular[last] ??
    (sameInPlural.has(last)
      ? last
      : /[^aeiou]y$/.test(last)
        ? last.replace(/y$/, "ies")
        : /(?:s|x|z|ch|sh)$/.test(last)
          ? `${last}es`
          : `${last}s`);
  return [...before.toReversed(), many].join("_");
}

/** `order_item` as `orderItem`. */
export function camel(name: string): string {
  return name.replaceAll(/[_-]([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}

/** `order_item` as `OrderItem`. */
export function pascal(name: string): string {
  const own = camel(name);
  return own.slice(0, 1).toUpperCase() + own.slice(1);
}

/** `order_item` as `order-item`. */
export function kebab(name: string): string {
  return name.replaceAll("_", "-");
}

/** `order_item` as `order item`, for sentences. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** Any text as a name in lower case with `_`, or nothing where it has no Latin letter. */
export function snake(text: string): string | undefined {
  const name = text
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z\d]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .toLowerCase()
    .slice(0, 30)
    .replace(/_$/, "");
  return /^[a-z]/.test(name) ? name : undefined;
}

/** The English noun for a name in Chinese, if it is known. */
export function english(name: string): string | undefined {
  const known = Object.keys(nouns)
    .filter((noun) => name.includes(noun))
    .toSorted((one, other) => other.length - one.length || name.indexOf(other) - name.indexOf(one));
  return known[0] === undefined ? undefined : nouns[known[0]];
}

const irregularPast: Readonly<Record<string, string>> = {
  pay: "paid",
  cancel: "cancelled",
  submit: "submitted",
  ship: "shipped",
  send: "sent",
  hold: "held",
  withdraw: "withdrawn",
  ban: "banned",
  plan: "planned",
  stop: "stopped",
  sell: "sold",
  buy: "bought",
  read: "read",
  begin: "begun",
  start: "started",
  open: "open",
  complete: "completed",
};

/** The status that a verb leads to: of `approve` it is `approved`. */
export function past(verb: string): string {
  const [first = "", ...rest] = verb.split("_");
  const done =
    irregularPast[first] ?? (first.endsWith("e") ? `${first}d` : /[^aeiou]y$/.test(first) ? first.replace(/y$/, "ied") : `${first}ed`);
  return [done, ...rest].join("_");
}

const reservedInSql: ReadonlySet<string> = new Set(
  "all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate column constraint create cross current_date current_time current_timestamp current_user default deferrable desc distinct do else end except exists false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar some symmetric table tablesample then to trailing true union unique user using variadic verbose when where window with".split(
    " ",
  ),
);

/** A name of a column that SQL takes without quotes. */
export function columnName(name: string): string {
  return reservedInSql.has(name) ? `${name}_value` : name;
}
