import { type DeploymentShape, heapMb, type RoleShape } from "./shape.ts";

/** What most apps import: what Node.js makes of it is the same for all. */
const packages = ["zod", "plimsoll", "plimsoll/auth", "plimsoll/http", "plimsoll/postgres", "plimsoll/telemetry"];

/**
 * Writes the Dockerfile: two stages, no development dependencies, no root, a check of its health without a further program, and the compiled code of
 * packages, so that a start does not compile them.
 * *Guarantees*: `node` is the first process, so that it gets SIGTERM.
 */
export function dockerfile(shape: DeploymentShape): string {
  const { entry, port, opsPort } = shape;
  const heap = heapMb(shape.roles[0] as RoleShape);
  return `# Written by plimsoll deploy.
FROM node:24.16-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No script of a package runs, and no development dependency is installed.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24.16-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
# An id that is no user of the host.
RUN mkdir .compiled && chown 10001:10001 .compiled
USER 10001:10001
# A start reads what Node.js has compiled of the packages here. Only this user may write there, and the file system may be read-only later.
ENV NODE_COMPILE_CACHE=/app/.compiled
RUN node --input-type=module --eval "for (const name of ${JSON.stringify(packages).replaceAll('"', "'")}) await import(name)"
COPY src ./src
EXPOSE ${port} ${opsPort}
HEALTHCHECK --interval=10s --timeout=5s --retries=6 CMD ["node", "--eval", "fetch('http://127.0.0.1:${opsPort}/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The heap is three quarters of the ${shape.roles[0]?.memoryMb.value} MiB of the container.
CMD ["node", "--max-old-space-size=${heap}", "${entry}"]
`;
}

/** What never enters an image: secrets, data, what the image installs itself. */
export const dockerignore = `node_modules
.git
.env*
.data
deploy
test
coverage
*.log
`;
