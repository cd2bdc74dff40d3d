import { readFileSync } from "node:fs";
import { query } from "plimsoll";
import { z } from "zod";

const asset = (name: string, route: `GET /${string}`, type: `text/${string}`) => {
  const content = readFileSync(new URL(name, import.meta.url), "utf8");
  return query(`identity.${name.replace(".", "-")}`, {
    ...{ input: z.object({}), output: z.object({}), access: "public", budget: "1s" },
    http: {
      ...{ route, file: { type, text: () => content } },
      // Nothing within the page runs but what these two files have.
      contentSecurityPolicy: { scriptSrc: ["self"], styleSrc: ["self"], connectSrc: ["self"], formAction: ["self"] },
    },
    run: async () => ({}),
  });
};

/** The page at `/`, and the one on which users sign in with its two files. */
export const assets = [
  asset("start.html", "GET /", "text/html"),
  asset("sign-in.html", "GET /sign-in", "text/html"),
  asset("sign-in.css", "GET /sign-in.css", "text/css"),
  asset("sign-in.js", "GET /sign-in.js", "text/javascript"),
];
