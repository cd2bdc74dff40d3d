import { type DeploymentShape, heapMb, type RoleShape } from "./shape.ts";

/**
 * Writes the Dockerfile: two stages, no development dependencies, no root, a check of its health without a further program.
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
COPY src ./src
# An id that is no user of the host.
USER 10001:10001
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
