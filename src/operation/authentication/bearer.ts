import { refusal } from "../../core/fault.ts";
import type { AuthenticationScheme } from "../actor.ts";

/** The scheme of bearer tokens, in the `Authorization` header. *Source*: RFC 6750. */
export const bearer: AuthenticationScheme = {
  scheme: "bearer",
  credentialsIn(header) {
    if (header.startsWith("Bearer ")) return header.slice(7);
    const other = /^bearer +/i.exec(header);
    return other ? header.slice(other[0].length) : undefined;
  },
  missing: (needs) =>
    refusal({
      code: "unauthenticated",
      type: "token_missing",
      message: `This operation needs ${needs}, and the request has no token. Sign in and send the token as "Authorization: Bearer …".`,
    }),
  unreadable: () =>
    refusal({
      code: "unauthenticated",
      type: "token_invalid",
      message: 'The Authorization header is not a bearer token. Send it once, as "Authorization: Bearer …".',
    }),
  challenge: ({ type }) => (type === "token_missing" ? "Bearer" : 'Bearer error="invalid_token"'),
};
