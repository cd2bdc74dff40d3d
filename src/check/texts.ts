import type { Both } from "../cli/language.ts";
import type { Finding, RuleName } from "./finding.ts";

type Named = Pick<Finding, "who" | "what">;

/** What a rule says: in one sentence with its reason, and how to fix what breaks it. */
interface RuleText {
  readonly says: (named: Named) => string;
  readonly fix: (named: Named) => string;
}

const en = {
  rules: {
    "domain-outward": {
      says: ({ who, what }) =>
        `The domain of ${who} imports ${what}; a domain imports nothing outward, so that its rules can be read and tested alone.`,
      fix: () => "Pass the value in from the operation, or move what is shared into the domain or into a file of no module.",
    },
    "contract-with-implementation": {
      says: ({ who, what }) =>
        `A contract of ${who} holds ${what}; a contract says what others see, and everything that imports it would load the implementation.`,
      fix: () => "Move it into an operation of the module, and let the contract declare names, schemas, faults and budgets alone.",
    },
    "foreign-module": {
      says: ({ who, what }) => `${who} imports ${what} of another module; modules know each other through contracts alone.`,
      fix: () => "Import the contract of that module; if the contract lacks what is needed, add it there.",
    },
    "imports-root": {
      says: ({ who, what }) => `${who} imports the composition root ${what}; the root knows the modules, and no module knows the root.`,
      fix: () => "Move what the module needs into a file of its own, or take it as a resource that the root provides.",
    },
    "contract-ring": {
      says: ({ what }) =>
        `The contracts of these modules import each other in a ring: ${what}; none of them can be understood, tested or moved alone.`,
      fix: () => "Let one contract declare what it needs itself, or move the shared part into a file of no module.",
    },
    "foreign-sql": {
      says: ({ who, what }) => `SQL of ${who} names ${what}, which it does not own; a module reads and writes its own schema alone.`,
      fix: ({ what }) => `Call an operation of the module that owns ${what}, or keep a projection of its events in the own schema.`,
    },
    "network-in-transaction": {
      says: ({ who, what }) =>
        `${who} reaches the network through ${what} inside a transaction, which would hold a connection and locks while another service responds.`,
      fix: () => "Do it in an action before or after the command, or start a task or a saga in the transaction.",
    },
    "event-loop": {
      says: ({ what }) => `These modules react to each other's events: ${what}; one event can cause the next without an end.`,
      fix: () => "Let one direction be a call of a command, or let a saga in one module steer both.",
    },
    "untested-contract": {
      says: ({ who, what }) => `No test reaches the ${what} of ${who}; a contract without a test is a promise that no program holds.`,
      fix: () => "Name it in a test: by its export, its name or its route, or test an operation that calls it.",
    },
    "unmarked-secret": {
      says: ({ who, what }) => `The field ${what} of ${who} is not marked as a secret, so logs, traces and records could show it.`,
      fix: ({ what }) => `Write ${what}: secret(…), or rename the field if it holds no secret.`,
    },
    "secret-in-source": {
      says: ({ who, what }) => `The source of ${who} holds a ${what}; what is in a repository is known to every reader of it.`,
      fix: () => "Replace it at its issuer, and read the new one from the configuration.",
    },
    "exception-expired": {
      says: ({ who, what }) => `The exception for ${who} ended on ${what}.`,
      fix: () => "Fix what it excused, or agree on a new day and write the reason.",
    },
    "exception-unused": {
      says: ({ who }) => `The exception for ${who} excuses nothing any more.`,
      fix: () => "Delete it from plimsoll.config.ts.",
    },
  } satisfies Record<RuleName, RuleText> as Record<RuleName, RuleText>,
  fix: "Fix",
  way: "Way",
  fine: ({ sources, modules }: Counts) => `${sources} files in ${modules} modules: nothing breaks a rule.`,
  found: ({ findings, files }: { findings: number; files: number }) => `${findings} findings in ${files} files.`,
  excepted: (count: number) => `${count} excused by plimsoll.config.ts.`,
  noModules: "No file calls module(…) of plimsoll, so there is no module to check.",
  noModulesFix: "Run it in the folder of the project, or name the folder: plimsoll check src.",
  noFolder: (folder: string) => `The folder ${folder} cannot be read.`,
  noFolderFix: "Name a folder of the project that exists.",
  configBroken: ({ file, message }: { file: string; message: string }) => `${file} cannot be loaded: ${message}.`,
  configBrokenFix: "Fix the file; it exports check, an object with sources, tests, contracts, domains, network and exceptions.",
  configInvalid: ({ file, problems }: { file: string; problems: string }) => `${file} is not valid. Expected: ${problems}.`,
};

interface Counts {
  readonly sources: number;
  readonly modules: number;
}

/** The texts of the architecture checker in both languages. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    rules: {
      "domain-outward": {
        says: ({ who, what }) => `${who} 的领域层导入了 ${what}；领域层不得向外依赖，这样其中的规则才能单独阅读和测试。`,
        fix: () => "由操作把值传进来，或者把共用部分移到领域层，或移到不属于任何模块的文件中。",
      },
      "contract-with-implementation": {
        says: ({ who, what }) => `${who} 的契约中含有 ${what}；契约只说明对外可见的内容，否则导入它的代码都会加载实现。`,
        fix: () => "把它移到模块的操作中，契约只声明名称、模式、故障和预算。",
      },
      "foreign-module": {
        says: ({ who, what }) => `${who} 导入了其他模块的 ${what}；模块之间只能通过契约相互了解。`,
        fix: () => "请导入那个模块的契约；契约中缺少的内容，请加到契约里。",
      },
      "imports-root": {
        says: ({ who, what }) => `${who} 导入了组合根 ${what}；组合根了解各模块，而任何模块都不了解组合根。`,
        fix: () => "把模块所需的内容移到单独的文件，或者作为由组合根提供的资源来使用。",
      },
      "contract-ring": {
        says: ({ what }) => `这些模块的契约循环导入：${what}；其中任何一个都无法单独理解、测试或移动。`,
        fix: () => "让其中一个契约自己声明所需内容，或者把共用部分移到不属于任何模块的文件。",
      },
      "foreign-sql": {
        says: ({ who, what }) => `${who} 的 SQL 使用了不属于它的 ${what}；模块只能读写自己的数据库模式。`,
        fix: ({ what }) => `请调用拥有 ${what} 的模块的操作，或者在自己的模式中保存其事件的投影。`,
      },
      "network-in-transaction": {
        says: ({ who, what }) => `${who} 在事务中通过 ${what} 访问网络，等待其他服务响应期间会一直占用连接和锁。`,
        fix: () => "请在命令之前或之后的 action 中进行，或者在事务中启动任务或 saga。",
      },
      "event-loop": {
        says: ({ what }) => `这些模块互相响应对方的事件：${what}；事件可能无休止地相互触发。`,
        fix: () => "把其中一个方向改为调用命令，或者由一个模块中的 saga 统一协调。",
      },
      "untested-contract": {
        says: ({ who, what }) => `没有测试覆盖 ${who} 的 ${what}；没有测试的契约只是一句空话。`,
        fix: () => "在测试中通过导出名、操作名或路由使用它，或者测试调用它的操作。",
      },
      "unmarked-secret": {
        says: ({ who, what }) => `${who} 的字段 ${what} 没有标记为机密，可能出现在日志、链路和记录中。`,
        fix: ({ what }) => `请写成 ${what}: secret(…)；如果它不是机密，请改名。`,
      },
      "secret-in-source": {
        says: ({ who, what }) => `${who} 的源代码中含有机密（${what}）；仓库里的内容对每个读者都是公开的。`,
        fix: () => "请在签发方更换它，并从配置中读取新的值。",
      },
      "exception-expired": {
        says: ({ who, what }) => `${who} 的例外已于 ${what} 到期。`,
        fix: () => "请修正被豁免的问题，或者商定新的日期并写明理由。",
      },
      "exception-unused": {
        says: ({ who }) => `${who} 的例外已经没有作用。`,
        fix: () => "请从 plimsoll.config.ts 中删除。",
      },
    },
    fix: "修正",
    way: "路径",
    fine: ({ sources, modules }) => `${modules} 个模块中的 ${sources} 个文件没有违反任何规则。`,
    found: ({ findings, files }) => `${files} 个文件中有 ${findings} 处问题。`,
    excepted: (count) => `plimsoll.config.ts 豁免了 ${count} 处。`,
    noModules: "没有文件调用 plimsoll 的 module(…)，因此没有可检查的模块。",
    noModulesFix: "请在项目文件夹中运行，或指定文件夹：plimsoll check src。",
    noFolder: (folder) => `无法读取文件夹 ${folder}。`,
    noFolderFix: "请指定项目中存在的文件夹。",
    configBroken: ({ file, message }) => `无法加载 ${file}：${message}。`,
    configBrokenFix: "请修正该文件；它应导出 check 对象，其中可有 sources、tests、contracts、domains、network 和 exceptions。",
    configInvalid: ({ file, problems }) => `${file} 无效。应为：${problems}。`,
  },
};
