import { singular, snake } from "./names.ts";

/** A path of the PRD in parts. */
export interface RoutePart {
  readonly text: string;
  readonly isParameter: boolean;
  /** In lower case with `_`. */
  readonly name: string;
}

/** Cuts a path into its parts: without a query, with `:id`, `{id}`, `<id>` and `[id]` as parameters. */
export function partsOf(path: string): readonly RoutePart[] {
  return path
    .replace(/[?#].*$/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((text) => {
      const isParameter = /^[:{<[]/.test(text);
      return { text, isParameter, name: snake(text) ?? "part" };
    });
}

/** What stands before the names of things: versions and prefixes. */
export function isPrefix({ text, isParameter }: RoutePart): boolean {
  return !isParameter && /^(?:api|rest|public|internal|admin|v\d+)$/i.test(text);
}

/** Paths by which callers sign in: tokens do that, and no generated handler. */
export const signIn =
  /^(?:auth|login|logout|sign_?in|sign_?up|sign_?out|register|password|passwords|reset_password|forgot_password|token|tokens|oauth|sso|refresh|session|sessions|verify_email|me)$/;

/** What the platform serves itself, on its ops port. */
export const served = /^(?:health|healthz|ready|readyz|live|livez|ping|metrics|status|docs|openapi|swagger|version)$/;

/** Whether a word names several things. */
export function isPlural(name: string): boolean {
  return singular(name) !== name && !/^(?:process|access|progress|address|status)$/.test(name);
}
