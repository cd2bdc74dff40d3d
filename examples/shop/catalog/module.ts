import { module } from "plimsoll";
import { createProduct } from "./operations/create-product.ts";
import { getProduct } from "./operations/get-product.ts";
import { holdStock, releaseHold } from "./operations/hold-stock.ts";
import { importProducts } from "./operations/import-products.ts";
import { listProducts } from "./operations/list-products.ts";
import { returnStock } from "./operations/return-stock.ts";
import { takeStock } from "./operations/take-stock.ts";
import { updateProduct } from "./operations/update-product.ts";

export const catalog = module("catalog", {
  schema: "catalog",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [listProducts, getProduct, createProduct, updateProduct, takeStock, returnStock, holdStock, releaseHold, importProducts],
});
