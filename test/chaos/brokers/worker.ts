// A process that relays, receives and ships, until it is killed: PLACE and DATABASE say where.
import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { salesWith, shippingWith } from "../../messaging/shop.ts";
import { open } from "./place.ts";

const place = open(JSON.parse(process.env.PLACE ?? ""));
const { url, adminUrl } = JSON.parse(process.env.DATABASE ?? "") as { readonly url: string; readonly adminUrl: string };
const app = createApp({ modules: [salesWith(place), shippingWith(place)], database: postgres({ url, adminUrl }), roles: ["worker"] });
await app.start();
process.send?.("ready");
