import { defineVerb } from "../verb.ts";

/** `plimsoll mcp`: serves the command's tools to an agent. */
export const mcp = defineVerb({
  name: "mcp",
  also: ["智能体"],
  summary: {
    en: "Serves questions, answer, check, design and plan to an agent, over MCP on stdio.",
    zh: "通过 MCP（标准输入输出）向智能体提供 questions、answer、check、design 和 plan。",
  },
  example: {
    line: "mcp --lang en",
    does: {
      en: "Waits for an agent: name it as the command of a server, with the project as its folder.",
      zh: "等待智能体连接：在智能体中将其配置为服务器命令，工作目录为项目文件夹。",
    },
  },
  options: {},
  async run(given) {
    const { AgentServer } = await import("../agents/serve.ts");
    const server = new AgentServer({ ...given, json: true, yes: false }, (message) => given.terminal.out(`${JSON.stringify(message)}\n`));
    await server.serve(given.terminal.input(given.signal));
    return { exit: "fine", lines: [], data: {} };
  },
});
