import { sqlFragment } from "plimsoll";

export const productColumns = sqlFragment`id, name, description, price_cents, stock, version`;
