import type { Block } from "../blocks.ts";
import { type Found, found, unique } from "../found.ts";

/** Is a kind of user that a document names. */
export type Role = Found;

const sections =
  /\broles?\b|personas?|user types?|target users?|actors?|stakeholders?|permissions?|access control|用户角色|角色|目标用户|用户类型|权限/i;
const head = /^(?:roles?|role name|personas?|user types?|actors?|角色|角色名称|用户角色|用户类型|主要角色)$/i;
const story =
  /\bas an? \**(?<role>[A-Za-z][\w /&()-]{1,40}?)\**\s*,\s*\**I\b|作为(?:一[名个位])?(?<zh>[^，,我。\s]{2,16})[，,]?\s*(?:我|希望|可以|能|需要)/gi;

/** Finds the roles: in lists and tables of roles, in the heads of a matrix of permissions, and in user stories. */
export function findRoles(blocks: readonly Block[]): readonly Role[] {
  const columns = new Map<string, string>();
  return unique(
    blocks.flatMap((block) => [
      ...(block.kind === "cell" ? ofCell(block, columns) : []),
      ...(block.kind === "item" || block.kind === "text" ? ofLine(block) : []),
      ...(block.kind === "heading" ? ofHeading(block) : []),
      ...ofStories(block),
    ]),
  );
}

function ofCell(block: Block, columns: Map<string, string>): readonly Role[] {
  const { table, row, column } = block.at!;
  if (row === 0) {
    columns.set(`${table}.${column}`, block.text.replaceAll("*", "").trim());
    return [];
  }
  const own = columns.get(`${table}.${column}`) ?? "";
  return head.test(own) && block.text.length <= 40 && block.text.length > 1
    ? [found(block, { name: block.text, rule: "a row of a table of roles" })]
    : [];
}

function ofLine(block: Block): readonly Role[] {
  const section = block.sections.at(-1) ?? "";
  if (
    !sections.test(section) ||
    /^(?:\**\s*)?(?:权限|permissions?|access control)/i.test(section) ||
    block.labels.some((label) => !sections.test(label))
  )
    return [];
  const match =
    /^(?:\*\*|`)?(?<name>[\p{L}][\p{L}\d_ /&-]{0,30}?(?:[（(][\w /&-]+[)）])?)(?:\*\*|`)?\s*(?:[:：—–]|\s-\s)/u.exec(block.text) ??
    /^\*\*(?<name>[^*]{2,40})\*\*$/.exec(block.text);
  const name =
    match?.groups?.name ?? (block.kind === "item" && block.text.length <= 24 && !/[。.,，;；]/.test(block.text) ? block.text : "");
  return name.length > 1 &&
    !/^(?:user stor|需要|支持|基于|三层|note|说明|primary|secondary|internal|external|权限|职责|背景|goals?|needs?|background|challenges?|目标|描述|备注|核心)/i.test(
      name,
    )
    ? [found(block, { name, rule: "an item of a list of roles" })]
    : [];
}

function ofHeading(block: Block): readonly Role[] {
  const above = block.sections.slice(0, -1);
  const name = (block.sections.at(-1) ?? "").replace(/^[\d.、\s]+/, "");
  const isRole = /personas?|user roles?|用户角色|角色定义/i.test(above.at(-1) ?? "") && name.length <= 40 && !sections.test(name);
  return isRole ? [found(block, { name, rule: "a heading of a section of roles" })] : [];
}

function ofStories(block: Block): readonly Role[] {
  return [...block.text.matchAll(story)].map(({ groups }) => found(block, { name: (groups!.role ?? groups!.zh)!, rule: "a user story" }));
}
