import type { Block } from "../blocks.ts";
import { type Found, found, unique } from "../found.ts";

/** Is something that a user or a caller can do. */
export interface Operation extends Found {
  readonly kind: "http" | "story" | "feature";
  readonly method?: string;
  readonly path?: string;
  /** The kind of user that the story is of, as it is written there. */
  readonly role?: string;
}

const endpoint = /(?<![A-Za-z])(?<method>GET|POST|PUT|PATCH|DELETE)[`* ]*\s+[`*]*(?<path>\/[\w\-/{}:.?=&%*[\]<>]*)/g;
const story =
  /(?:\bi(?: want| need| would like)? to|\busers? (?:can|may|must be able to|should be able to|are able to)) (?<does>[a-z][^.,;。]{3,80})|我(?:希望|想|要|需要)(?:能够?|可以)?(?<zh>[^，,。；;]{2,40})|用户(?:可以|能够?|可)(?<can>[^，,。；;]{2,40})/gi;
/** Who tells a story. */
const teller =
  /\bas an? \**(?<role>[A-Za-z][\w /&()-]{1,40}?)\**\s*,\s*\**I\b|作为(?:一[名个位])?(?<zh>[^，,我。\s]{2,16})[，,]?\s*(?:我|希望|可以|能|需要)/i;
const functional =
  /(?<!non-?)functional requirements|features?|user stories|use cases?|core functions?|capabilit|(?<!非)功能(?:性)?需求|核心功能|功能模块|主要功能|功能描述|用户故事/i;

/** Finds the operations: HTTP routes, what stories say that users want, and the items of functional sections. */
export function findOperations(blocks: readonly Block[]): readonly Operation[] {
  const methods = new Map<string, string>();
  return unique(
    blocks.flatMap((block) => {
      if (block.kind === "sql") return [];
      const routes = [...block.text.matchAll(endpoint)].map((match) => ofRoute(block, match.groups!));
      const inCells = block.kind === "cell" ? ofCells(block, methods) : [];
      const stories = [...block.text.matchAll(story)].map(({ groups }) => ofStory(block, (groups!.does ?? groups!.zh ?? groups!.can)!));
      const features = routes.length + inCells.length + stories.length === 0 ? ofFeature(block) : [];
      return [...routes, ...inCells, ...stories, ...features];
    }),
  );
}

function ofRoute(block: Block, { method, path }: Readonly<Record<string, string | undefined>>): Operation {
  const route = path!.replace(/[.?]+$/, "").replace(/[`*]+$/, "");
  const { key: _, ...base } = found(block, { name: `${method} ${route}`, rule: "an HTTP route" });
  const at = block.text.indexOf(path!);
  return { ...base, start: block.start + Math.max(at, 0), quote: path!, kind: "http", method: method!, path: route };
}

/** A table may keep the method and the path in two cells. */
function ofCells(block: Block, methods: Map<string, string>): readonly Operation[] {
  const { table, row } = block.at!;
  const id = `${table}.${row}`;
  const text = block.text.replaceAll(/[`*]/g, "").trim();
  if (/^(?:GET|POST|PUT|PATCH|DELETE)$/.test(text)) methods.set(id, text);
  const method = methods.get(id);
  return method !== undefined && /^\/[\w\-/{}:.]*$/.test(text) ? [ofRoute(block, { method, path: text })] : [];
}

function ofStory(block: Block, does: string): Operation {
  const { groups } = teller.exec(block.text) ?? {};
  const role = (groups?.role ?? groups?.zh)?.trim();
  return { ...found(block, { name: does.trim(), rule: "a user story" }), kind: "story", ...(role !== undefined && { role }) };
}

function ofFeature(block: Block): readonly Operation[] {
  if (block.kind !== "item" || !functional.test(block.sections.slice(-3).join(" "))) return [];
  const name =
    /^(?:\*\*|`)?(?<name>[^:：*`]{2,48})(?:\*\*|`)?\s*[:：]/.exec(block.text)?.groups?.name ??
    (block.text.length <= 48 ? block.text : undefined);
  return name === undefined ? [] : [{ ...found(block, { name, rule: "an item of a functional section" }), kind: "feature" }];
}
