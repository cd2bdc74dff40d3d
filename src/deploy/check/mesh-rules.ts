import { type DeployedRoute, lasting, routerSeconds, waitSeconds } from "../routes.ts";
import type { DeploymentShape } from "../shape.ts";
import { both, type Loose, seconds } from "./placed.ts";
import { each, ofKind, type Rule } from "./rule.ts";

/** Conditions under which Envoy sends a request again that a handler may have begun. */
const unsafe = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "envoy-ratelimited",
  "retriable-4xx",
  "retriable-status-codes",
  "unavailable",
  "cancelled",
];
/** A path that a route with parameters takes. */
const sampleOf = ({ path }: DeployedRoute): string => path.replaceAll(/\{[^}]+\}/g, "a1");

/** Rules on a service mesh, and on what lasts longer than a deadline. */
export const meshRules: readonly Rule[] = [
  each(
    ["VirtualService"],
    {
      name: "mesh-sends-twice",
      fix: both(
        "Set retries.retryOn: connect-failure,refused-stream, or attempts: 0; other conditions only where match names the method GET.",
        "请设置 retries.retryOn: connect-failure,refused-stream，或 attempts: 0；其他条件只能用于 match 限定为 GET 的路由。",
      ),
    },
    function* ({ value }) {
      for (const [index, rule] of listOf(value.spec?.http).entries()) {
        if (rule?.retries?.attempts === 0 || onlyReads(rule)) continue;
        const conditions = String(rule?.retries?.retryOn ?? "")
          .split(",")
          .map((one) => one.trim());
        const found =
          rule?.retries?.retryOn === undefined ? "its defaults" : conditions.find((one) => unsafe.includes(one) || /^\d{3}$/.test(one));
        if (found !== undefined)
          yield {
            path: ["spec", "http", index],
            message: both(
              `a proxy may send a write again that was already done (${found}).`,
              `代理可能把已经执行过的写请求再发一次（${found === "its defaults" ? "默认条件" : found}）。`,
            ),
          };
      }
    },
  ),
  each(
    ["VirtualService"],
    { name: "mesh-gives-up", fix: both("Set timeout above the deadline of the route.", "请把 timeout 设为大于该路由的截止时间。") },
    function* ({ value }, { shape }) {
      const rules = listOf(value.spec?.http);
      for (const [index, rule] of rules.entries()) {
        const found = seconds(rule?.timeout);
        const least = leastOf(rules, { index, shape });
        if (found !== undefined && found > 0 && found < least - 1)
          yield {
            path: ["spec", "http", index],
            message: both(
              `a proxy waits ${found} s, and a request may take ${least - 2} s.`,
              `代理只等待 ${found} 秒，而一个请求可能需要 ${least - 2} 秒。`,
            ),
          };
      }
    },
  ),
  each(
    ["DestinationRule"],
    {
      name: "mesh-ejects-refusals",
      fix: both(
        "Set consecutive5xxErrors and consecutiveGatewayErrors to 0, splitExternalLocalOriginErrors to true, and count consecutiveLocalOriginFailures.",
        "请把 consecutive5xxErrors 和 consecutiveGatewayErrors 设为 0，splitExternalLocalOriginErrors 设为 true，并使用 consecutiveLocalOriginFailures。",
      ),
    },
    function* ({ value }) {
      const found = value.spec?.trafficPolicy?.outlierDetection;
      if (found !== undefined && (found?.consecutive5xxErrors !== 0 || (found?.consecutiveGatewayErrors ?? 0) !== 0))
        yield {
          path: ["spec", "trafficPolicy", "outlierDetection"],
          message: both(
            "a process that refuses load with 503 is left out, and the others get its load too.",
            "以 503 拒绝过载的进程会被摘除，它的负载会转移给其他进程。",
          ),
        };
    },
  ),
  each(
    ["PeerAuthentication"],
    { name: "mesh-unencrypted", fix: both("Set mtls.mode: STRICT.", "请设置 mtls.mode: STRICT。") },
    function* ({ value }) {
      if (value.spec?.mtls?.mode !== "STRICT")
        yield {
          path: ["spec", "mtls"],
          message: both("callers outside the mesh reach it without a certificate.", "网格之外的调用方无需证书即可访问。"),
        };
    },
  ),
  {
    name: "router-cuts-streams",
    fix: both(
      "Give the route a rule of its own before the others, with timeouts.request: 0s (VirtualService: timeout: 0s).",
      "请在其他规则之前为该路由单独写一条规则，timeouts.request: 0s（VirtualService 用 timeout: 0s）。",
    ),
    *find(cluster) {
      for (const at of ofKind(cluster, "HTTPRoute", "VirtualService"))
        for (const route of lasting(cluster.shape)) {
          const index = ruleFor(at.value, route);
          const rule = rulesOf(at.value)[index];
          if (isObject(rule) && seconds(rule.timeouts?.request ?? rule.timeout ?? "0s") !== 0)
            yield {
              at,
              path: ["spec", at.kind === "HTTPRoute" ? "rules" : "http", index],
              message: both(
                `it cuts off ${route.verb} ${route.path} of ${route.operation}, which lasts as long as its client reads.`,
                `它会切断 ${route.operation} 的 ${route.verb} ${route.path}，而该响应会持续到客户端读完为止。`,
              ),
            };
        }
    },
  },
];

const listOf = (value: Loose): readonly Loose[] => (Array.isArray(value) ? value : []);
const isObject = (value: Loose): boolean => typeof value === "object" && value !== null;
const rulesOf = (value: Loose): readonly Loose[] => listOf(value.spec?.rules ?? value.spec?.http);

function onlyReads(rule: Loose): boolean {
  const matches = listOf(rule?.match);
  return matches.length > 0 && matches.every((one) => ["GET", "HEAD"].includes(one?.method?.exact));
}

/** How long a rule must wait at least: for the routes that it is the first to match, or for any where none is known. */
function leastOf(rules: readonly Loose[], { index, shape }: { readonly index: number; readonly shape: DeploymentShape }): number {
  const own = shape.routes.filter((route) => !route.lasts && ruleIn(rules, route) === index);
  return own.length > 0
    ? Math.max(...own.map(({ deadlineMs }) => waitSeconds(deadlineMs)))
    : listOf(rules[index]?.match).length > 0
      ? 0
      : routerSeconds(shape);
}

function ruleFor(value: Loose, route: DeployedRoute): number {
  return value.kind === "HTTPRoute" ? mostSpecific(rulesOf(value), route) : ruleIn(rulesOf(value), route);
}

/** The rule of a VirtualService that takes a route: the first that matches. */
function ruleIn(rules: readonly Loose[], route: DeployedRoute): number {
  const sample = sampleOf(route);
  const takes = ({ method, uri }: Loose): boolean =>
    (method?.exact ?? route.verb) === route.verb &&
    (uri === undefined ||
      uri.exact === sample ||
      (typeof uri.prefix === "string" && sample.startsWith(uri.prefix)) ||
      (typeof uri.regex === "string" && matchesWhole(uri.regex, sample)));
  return rules.findIndex((rule) => listOf(rule?.match).length === 0 || listOf(rule?.match).some((one) => takes(one ?? {})));
}

/** The rule of an HTTPRoute that takes a route: an exact path before a pattern, and that before a prefix, the longer one first. */
function mostSpecific(rules: readonly Loose[], route: DeployedRoute): number {
  const sample = sampleOf(route);
  const rank = ({ method, path }: Loose): number => {
    if ((method ?? route.verb) !== route.verb) return -1;
    const value = String(path?.value ?? "/");
    if (path?.type === "Exact") return value === sample ? 10_000 : -1;
    if (path?.type === "RegularExpression") return matchesWhole(value, sample) ? 9_999 : -1;
    return sample === value || sample.startsWith(value.endsWith("/") ? value : `${value}/`) ? value.length : -1;
  };
  const ranks = rules.map((rule) =>
    Math.max(-1, ...(rule?.matches === undefined ? [0] : listOf(rule.matches).map((one) => rank(one ?? {})))),
  );
  const best = Math.max(-1, ...ranks);
  return best < 0 ? -1 : ranks.indexOf(best);
}

/** A pattern that cannot be read, or is long, matches nothing. */
function matchesWhole(pattern: string, sample: string): boolean {
  try {
    return pattern.length <= 1_000 && new RegExp(`^(?:${pattern})$`).test(sample);
  } catch {
    return false;
  }
}
