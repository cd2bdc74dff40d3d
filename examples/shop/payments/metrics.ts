import { counter } from "plimsoll";

export const differences = counter("payments.differences", {
  help: "Differences between the provider's books and ours, each counted when it is found.",
  labels: ["problem"],
});
