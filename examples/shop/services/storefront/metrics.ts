import { counter } from "plimsoll";

export const degraded = counter("storefront.degraded", {
  help: "Parts that a page was shown without, because their service could not be had.",
  labels: ["part"],
});
