import type { Both } from "../language.ts";

const en = {
  instructions:
    "Designs a backend from a document of requirements (PRD). Read what is open with questions, decide it with answer, write the design with design, plan its capacity with plan, and check the code with check. Ask a person before you decide a question that blocks.",
  tools: {
    questions:
      "Lists the questions that the PRD leaves open, those that block first, each with its default and what another answer changes.",
    answer: "Answers one of the questions: writes it into decisions.toml in the folder of the design, and lists those that are left.",
    check:
      "Checks the architecture of the code: layers, modules, SQL, transactions, events, tests and secrets. Returns each finding with a fix.",
    design: "Writes the design that the PRD and the answers lead to. Nothing is written while a question blocks, unless assume is true.",
    plan: "Plans processes, pools, PostgreSQL and storage at 1, 10 and 100 times the load of the design, and writes the plan.",
  },
  fields: {
    document: "The document, relative to the folder of the server. Default: the PRD of that folder.",
    out: "The folder of the design. Default: design.",
    code: "The code of the question, as questions lists it.",
    value: "What is decided, in one line without quotation marks.",
    folder: "The folder of the project, with plimsoll.config.ts. Default: that of the server.",
    assume: "Takes the default of each question that blocks. Ask a person first.",
    why: "Figures to explain, as in replicas or pool.",
    peak: "Plan for this many requests a second instead.",
    cores: "Processors of PostgreSQL. Default: 4.",
    connections: "max_connections of PostgreSQL. Default: 100.",
  },
  outside: ({ field, path }: { field: string; path: string }) => `${field} is ${path}, which is outside the folder of the server.`,
  outsideFix: "Name a path inside it, without a slash in front and without two dots.",
  unknownField: (name: string) => `The tool has no argument ${name}.`,
  wrongField: ({ name, type }: { name: string; type: string }) => `The argument ${name} is not of the type ${type}.`,
  lacksField: (name: string) => `The argument ${name} is missing.`,
  fieldsFix: (names: string) => `Its arguments are ${names}.`,
  noQuestion: (code: string) => `There is not such a question: ${code}.`,
  questionsAre: (codes: string) => `The questions are ${codes}.`,
  noneOpen: "There are none.",
  answerForm: "An answer is one line of at most 500 characters without quotation marks.",
  answerFormFix: "Write it shorter, or into a table of the PRD.",
  answered: ({ code, file }: { code: string; file: string }) => `Written: ${code} in ${file}.`,
  bug: (message: string) => `A bug in plimsoll: ${message}`,
};

/** What the server for agents says, in both languages. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    instructions:
      "从需求文档（PRD）设计后端。用 questions 查看未决问题，用 answer 作出决定，用 design 写出设计，用 plan 规划容量，用 check 检查代码。决定阻塞性问题之前，请先询问用户。",
    tools: {
      questions: "列出 PRD 中未决的问题，阻塞的在前，并给出默认值以及其他回答带来的变化。",
      answer: "回答一个问题：写入设计文件夹中的 decisions.toml，并列出剩余的问题。",
      check: "检查代码的架构：分层、模块、SQL、事务、事件、测试和机密。每个问题都附有修改办法。",
      design: "写出由 PRD 和回答得出的设计。有阻塞的问题时不写任何文件，除非 assume 为 true。",
      plan: "规划 1、10、100 倍负载下的进程、连接池、PostgreSQL 与存储，并写出规划。",
    },
    fields: {
      document: "文档，相对于服务器所在文件夹。默认：该文件夹的 PRD。",
      out: "设计所在的文件夹。默认：design。",
      code: "问题的代码，由 questions 列出。",
      value: "所作的决定，一行文字，不含引号。",
      folder: "项目文件夹（含 plimsoll.config.ts）。默认：服务器所在文件夹。",
      assume: "对阻塞的问题取默认值。请先询问用户。",
      why: "要解释的数字，例如 replicas 或 pool。",
      peak: "改按每秒这么多请求规划。",
      cores: "PostgreSQL 的处理器核数，默认 4。",
      connections: "PostgreSQL 的 max_connections，默认 100。",
    },
    outside: ({ field, path }) => `${field} 是 ${path}，位于服务器所在文件夹之外。`,
    outsideFix: "请使用该文件夹内的路径，开头不带斜杠，也不含两个点。",
    unknownField: (name) => `该工具没有参数 ${name}。`,
    wrongField: ({ name, type }) => `参数 ${name} 的类型不是 ${type}。`,
    lacksField: (name) => `缺少参数 ${name}。`,
    fieldsFix: (names) => `它的参数有 ${names}。`,
    noQuestion: (code) => `没有这个问题：${code}。`,
    questionsAre: (codes) => `可回答的问题有 ${codes}。`,
    noneOpen: "没有未决的问题。",
    answerForm: "回答是一行文字，最多 500 个字符，不含引号。",
    answerFormFix: "请写得短一些，或写入 PRD 的表格。",
    answered: ({ code, file }) => `已写入：${file} 中的 ${code}。`,
    bug: (message) => `plimsoll 自身的缺陷：${message}`,
  },
};
