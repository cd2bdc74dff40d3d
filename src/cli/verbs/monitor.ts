import { defineVerb, Stop } from "../verb.ts";

/** `plimsoll monitor`: makes alerts, dashboards and runbooks from what an app declares. */
export const monitor = defineVerb({
  name: "monitor",
  also: ["监控"],
  summary: {
    en: "Makes objectives, alerts, dashboards and runbooks from the declarations of an app.",
    zh: "根据应用的声明生成服务目标、告警、仪表盘和应急手册。",
  },
  operands: {
    usage: "FILE",
    max: 1,
    says: { en: "The file that exports the app, not started, or its list of modules.", zh: "导出应用（未启动）或模块列表的文件。" },
  },
  example: {
    line: "monitor src/app.ts",
    does: { en: "Writes the monitoring of the app into the folder monitor.", zh: "把应用的监控配置写入 monitor 文件夹。" },
  },
  options: {
    out: { type: "string", value: "FOLDER", says: { en: "Where the files go. Default: monitor.", zh: "输出文件夹，默认 monitor。" } },
    check: {
      type: "boolean",
      says: { en: "Write nothing: fail where the files are not as the declarations say.", zh: "不写文件：与声明不一致时失败。" },
    },
    service: {
      type: "string",
      value: "NAME",
      says: {
        en: "The name of the service. Default: that of the app, or of package.json.",
        zh: "服务名，默认取应用名或 package.json 中的名称。",
      },
    },
    job: {
      type: "string",
      value: "NAME",
      says: {
        en: "The label job with which Prometheus scrapes it. Default: the name of the service.",
        zh: "Prometheus 抓取时的 job 标签，默认与服务名相同。",
      },
    },
    with: {
      type: "string",
      value: "PART",
      multiple: true,
      says: {
        en: "A part that no operation shows: certificates, upstreams, shared-cache, shared-rates. May come several times.",
        zh: "声明中看不出的部分：certificates、upstreams、shared-cache、shared-rates，可重复。",
      },
    },
    ops: {
      type: "string",
      value: "URL",
      says: {
        en: "The ops port, for runbooks. Default: http://127.0.0.1:9464.",
        zh: "应急手册使用的运维端口，默认 http://127.0.0.1:9464。",
      },
    },
    prometheus: {
      type: "string",
      value: "URL",
      says: {
        en: "Prometheus, for runbooks. Default: http://127.0.0.1:9090.",
        zh: "应急手册使用的 Prometheus，默认 http://127.0.0.1:9090。",
      },
    },
    page: { type: "string", value: "URL", says: { en: "The webhook of what wakes a person.", zh: "紧急告警的 webhook。" } },
    ticket: { type: "string", value: "URL", says: { en: "The webhook of what waits for a working day.", zh: "工单告警的 webhook。" } },
    runbooks: {
      type: "string",
      value: "URL",
      says: {
        en: "What the links to runbooks begin with. Default: runbooks/en, or runbooks/zh.",
        zh: "应急手册链接的前缀，默认 runbooks/zh 或 runbooks/en。",
      },
    },
  },
  async run({ operands: [file], values, folder, language }) {
    if (file === undefined)
      throw new Stop("usage", {
        message: { en: "plimsoll monitor needs the file of an app.", zh: "plimsoll monitor 需要应用所在的文件。" }[language],
        fix: {
          en: "Name the file that exports the app or its modules, as in plimsoll monitor src/app.ts.",
          zh: "请指定导出应用或模块列表的文件，例如 plimsoll monitor src/app.ts。",
        }[language],
      });
    const { runMonitor } = await import("../../monitor/run-monitor.ts");
    return runMonitor({
      ...{ folder, language, file, out: values.out ?? "monitor", check: values.check === true },
      ...{ service: values.service, job: values.job, also: values.with ?? [], runbooks: values.runbooks ?? `runbooks/${language}` },
      urls: {
        ops: values.ops ?? "http://127.0.0.1:9464",
        prometheus: values.prometheus ?? "http://127.0.0.1:9090",
        page: values.page ?? "http://127.0.0.1:9095/page",
        ticket: values.ticket ?? "http://127.0.0.1:9095/ticket",
      },
    });
  },
});
