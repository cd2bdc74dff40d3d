import { Fault } from "../../core/fault.ts";

/** Refuses a request with more than `cookies` cookies, if its operation reads one: 431. */
export const tooManyCookies = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "cookies_too_many",
    status: 431,
    message: `The request has more than ${limit} cookies. Delete the cookies of this site in the browser, and try again.`,
    details: { limit: "cookies", value: limit },
  });

/** Refuses a header or a cookie that is read as input and holds what is not printable ASCII: 400. */
export const headerNotAscii = (what: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "header_not_ascii",
    message: `${what} has a character that is not printable ASCII, which servers read differently. Send it percent-encoded, or leave it out.`,
  });
