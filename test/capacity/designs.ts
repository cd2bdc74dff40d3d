// Designs of documents as people write them, for tests of plans.
import type { Design } from "../../src/design/planning/design.ts";
import { makeDesign } from "../../src/design/planning/make-design.ts";
import { readRequirements } from "../../src/design/reading/read-requirements.ts";

/** A marketplace in English. */
export const marketplace = `# Marketplace

Buyers place orders, sellers list products, and payments are charged.

## Performance
- 200 requests per second at peak
- p99 latency 300 ms

## Features
- Sellers can list products
- Buyers can place orders
- The system sends notifications on each order
`;

/** A payment service in Chinese. */
export const payments = `# 支付服务

## 性能
- 峰值 3000 QPS
- P99 延迟不超过 200 毫秒

## 功能
- 商户可以发起支付
- 系统发送支付通知
`;

/** The design of a document, with every default. */
export function designOf(text: string, language: "en" | "zh" = "en"): Design {
  return makeDesign(readRequirements(text, { file: "PRD.md" }), { answers: [], language });
}
