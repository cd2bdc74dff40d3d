import type { Block } from "../blocks.ts";
import { type Found, found, idOf, keyOf, unique } from "../found.ts";
import { readSqlTables, type StatedColumn } from "./sql-tables.ts";

/** Is a thing that the service keeps, with its fields where the document lists them. */
export interface Entity extends Found {
  readonly fields: readonly string[];
  /** The same fields with their types and constraints, where the document states them in SQL. */
  readonly columns?: readonly StatedColumn[];
  /** Fields that together are of one alone. */
  readonly uniques?: readonly (readonly string[])[];
}

const sections =
  /\bentit(?:y|ies)\b|data ?models?|domain models?|\bschemas?\b|database (?:design|tables?)|\btables?\b|\bcollections?\b|数据(?:模型|实体|字典|表|库设计)|数据库|表结构|实体|领域模型/i;
const heads = /^(?:tables?|entity|entities|model|collection|resource|表名?|表名称|实体|实体名称|数据表|对象|模型)$/i;
const notNames =
  /^(?:requirements?|acceptance criteria|validation|examples?|core data|核心数据|补充说明|流程定义|parse .*|.*(?:roles?|status|types?|enums?|structure|状态|类型|枚举|结构)(?:[（(].*)?|fields?|indexes|notes?|relationships?|overview|description|constraints?|attributes?|基本字段|说明|约束|索引|关系|备注|概述|字段|联系方式|id|name|status|type)$/i;

/** Finds the entities of a document: in tables, lists and headings of its data model, and in SQL. */
export function findEntities(blocks: readonly Block[]): readonly Entity[] {
  const heading = new Map<number, string>();
  return merged(
    blocks.flatMap((block) => (block.kind === "sql" ? ofSql(block) : block.kind === "cell" ? ofCell(block, heading) : ofLine(block))),
  );
}

/** What SQL says of an entity completes what a list says of it. */
function merged(all: readonly Entity[]): readonly Entity[] {
  const inSql = new Map(all.flatMap((entity) => (entity.columns === undefined ? [] : [[idOf(entity), entity] as const])));
  return unique(all).map((entity) => {
    const { fields, columns, uniques } = inSql.get(idOf(entity)) ?? entity;
    return {
      ...entity,
      fields: [...new Set([...entity.fields, ...fields])],
      ...(columns !== undefined && { columns }),
      ...(uniques !== undefined && { uniques }),
    };
  });
}

function ofSql(block: Block): readonly Entity[] {
  return readSqlTables(block.text).map(({ name, at, columns, uniques }) => ({
    ...found(block, { name, rule: "a table in SQL" }),
    start: block.start + at,
    fields: columns.map((column) => column.name),
    columns,
    uniques,
  }));
}

function ofCell(block: Block, heads0: Map<number, string>): readonly Entity[] {
  const { table, row, column } = block.at!;
  if (row === 0 && column === 0) heads0.set(table, block.text.trim());
  if (column !== 0 || row === 0 || block.text === "") return [];
  const head = heads0.get(table) ?? "";
  const names = heads.test(head) || (sections.test(block.sections.at(-1) ?? "") && /entit|table|model|实体|表/i.test(head));
  return names && block.text.length <= 60
    ? [{ ...found(block, { name: block.text, rule: "a row of a table of entities" }), fields: [] }]
    : [];
}

function ofLine(block: Block): readonly Entity[] {
  const section = block.kind === "heading" ? block.sections.slice(0, -1) : block.sections;
  if (!sections.test(section.at(-1) ?? "")) return [];
  if (block.kind === "heading") {
    const name = (block.sections.at(-1) ?? "").replace(/^[\d.、\s]+/, "").replace(/\s*(?:表|table|model|entity|schema|collection)$/i, "");
    return isName(name) && !sections.test(name) ? [{ ...found(block, { name, rule: "a heading of the data model" }), fields: [] }] : [];
  }
  if (block.kind !== "item") return [];
  const match =
    /^(?:\*\*|`|__)?(?<name>[\p{L}][\p{L}\d_ /-]{0,40}?(?:[（(][A-Za-z][\w -]*[)）])?)(?:\*\*|`|__)?\s*(?:主数据|表|实体)?\s*(?:[:：—–]|\s-\s)\s*(?<rest>.*)$/u.exec(
      block.text,
    );
  const name = match?.groups?.name ?? "";
  if (match === null || block.labels.length > 0) return [];
  if (!isName(name) && !(/^notes?$/i.test(name) && listsFields(match.groups!.rest!))) return [];
  return [{ ...found(block, { name, rule: "an item of the data model" }), fields: fieldsOf(match.groups!.rest!) }];
}

function isName(name: string): boolean {
  return name.length > 1 && name.length <= 50 && !notNames.test(name.trim()) && name.split(" ").length <= 4;
}

/** "Note" begins a remark as often as it names a thing; only a thing is followed by nothing but short names. */
function listsFields(rest: string): boolean {
  const parts = rest.split(/[,，、;；]/).map((part) => part.trim());
  return parts.length > 1 && parts.every((part) => /^[`*]*[\p{L}_][\p{L}\d_]*(?: [\p{L}\d_]+)?[`*]*$/u.test(part));
}

function fieldsOf(rest: string): readonly string[] {
  return rest
    .split(/[,，、;；/]/)
    .map((field) => keyOf(field.replaceAll(/[`*]/g, "").trim()))
    .filter((field): field is string => field !== undefined && field.length <= 40)
    .slice(0, 60);
}
