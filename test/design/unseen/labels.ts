/** Is a document that the rules were not written from, with what a reader binds in each line that has a need. */
export interface UnseenDocument {
  readonly file: string;
  /**
   * The beginning of what a line says, or a part of it that stands nowhere else, with what is bound there, as in the labels of public documents.
   * `a | b`: either reading is right. `? a`: a reader may bind it or not. Whatever else binds in the document is wrong.
   */
  readonly lines: Readonly<Record<string, readonly string[]>>;
}

/** Documents of eight domains, labelled before they were first read. */
export const unseen: readonly UnseenDocument[] = [
  {
    file: "ride-hailing.md",
    lines: {
      "At launch 400,000": ["users exactly 400000", "users exactly 18000", "users about 9000"],
      "| Ride requests": ["rate exactly 350 per 1000 peak"],
      "| Position updates": ["rate exactly 5000 per 1000 sustained"],
      "| Matching": ["latency at-most 1500 p95"],
      "| Fare estimate": ["latency at-most 250 p99"],
      "| Ride history": ["latency exactly 800 p95"],
      "| Availability of matching": ["availability exactly 99.95"],
      "| Availability of everything": ["availability exactly 99.5"],
      "No more than 0.1%": ["errors at-most 0.1", "rpo exactly 30000", "rto at-most 600000", "rpo exactly 30000", "rto exactly 600000"],
      "Trip records": ["retention exactly 220752000000", "retention exactly 2592000000"],
    },
  },
  {
    file: "hospital-booking.md",
    lines: {
      "QR-1": ["latency at-most 700 p95"],
      "QR-2": ["latency at-most 2000 p99"],
      "QR-3": ["rate exactly 120 per 60000 sustained", "rate exactly 400 per 60000 | rate exactly 400 per 60000 sustained"],
      "QR-4": ["availability exactly 99.9"],
      "QR-5": ["users at-least 1500"],
      "QR-6": ["rto at-most 14400000", "rpo at-most 300000"],
      "QR-7": ["retention exactly 252288000000", "retention exactly 189216000000"],
      "QR-8": ["success at-least 99"],
      "The group has": [
        "users exactly 1100000",
        "rate exactly 2600000 per 31536000000",
        "size exactly 40000 average | size exactly 40960 average",
      ],
    },
  },
  {
    file: "iot-fleet.md",
    lines: {
      "Coldtrack watches": [
        "? records exactly 26000",
        "records exactly 80000",
        "rate at-least 3000 per 1000 average",
        "rate exactly 25000 per 1000 peak",
      ],
      "A reading has": ["latency at-most 5000", "latency at-most 30000 p99"],
      "Queries over": ["latency at-most 400 p95", "latency at-most 3000"],
      "Raw readings": ["retention exactly 7776000000", "retention exactly 157680000000", "size about 180"],
      "Ingestion may": [
        "? duration at-most 1320000",
        "availability exactly 99.95",
        "availability exactly 99.5",
        "rpo exactly 0",
        "rto at-most 900000",
      ],
      "Fleet managers": ["records exactly 1200", "? records exactly 9000"],
    },
  },
  {
    file: "chat.md",
    lines: {
      "* DAU": ["users exactly 250000", "users exactly 60000 peak"],
      "* ~40 msgs": ["rate about 40 per 86400000 user", "rate exactly 10000000 per 86400000 | rate about 10000000 per 86400000"],
      "* peak send": ["rate exactly 1200 per 1000 peak"],
      "* fan-out": ["? users exactly 5000"],
      "* send →": ["latency at-most 150 p50", "latency at-most 800 p99"],
      "* history": ["latency exactly 200 p95"],
      "* search": ["latency at-most 1000 p95"],
      "* uptime": ["availability exactly 99.9", "? availability exactly 99.95"],
      "* ≥ 50k": ["concurrency at-least 50000 instance"],
      "* attachments": ["? size at-most 25000000", "size exactly 2000000000000"],
      "* messages: keep": ["retention exactly 63072000000"],
      "* audit log": ["retention exactly 34560000000"],
    },
  },
  {
    file: "invoicing.md",
    lines: {
      "**Owner**": ["? rate exactly 20 per 2592000000"],
      "| NF-1 ": ["latency at-most 500 p95", "rate exactly 60 per 1000"],
      "| NF-2": ["latency at-most 5000"],
      "| NF-3": ["rate exactly 250000 per 14400000"],
      "| NF-4": ["records exactly 12000"],
      "| NF-5": ["users exactly 600"],
      "| NF-6": ["availability exactly 99.8"],
      "| NF-7": ["rto exactly 7200000", "rpo exactly 900000"],
      "| NF-8": ["retention exactly 315360000000"],
      "| NF-9": ["errors at-most 0.5"],
    },
  },
  {
    file: "ticketing.md",
    lines: {
      "**How many people": ["users at-most 500000", "rate exactly 2000 per 60000"],
      "**How fast": [
        "latency exactly 300 p95",
        "latency exactly 200 p95",
        "latency at-most 1000 | latency at-most 1000 max",
        "latency at-most 3000",
      ],
      "**How many orders": ["rate exactly 700 per 1000 peak", "rate exactly 2 per 1000 average"],
      "**What if": ["availability exactly 99.99", "availability exactly 99.9", "rto at-most 60000", "rpo exactly 0"],
      "**For how long": ["retention exactly 315360000000", "retention exactly 1209600000"],
      "- As a promoter": ["? latency at-most 10000"],
      "- As a door": ["latency at-most 500"],
    },
  },
  {
    file: "logistics.zh.md",
    lines: {
      目前全国: ["? rate about 450000 per 86400000"],
      平台注册货主: ["users exactly 300000", "users exactly 80000", "users exactly 35000"],
      "- 下单接口：峰值": ["rate exactly 800 per 1000 peak", "latency at-most 500 p99"],
      "- 位置上报": ["rate exactly 4000 per 1000 average", "rate exactly 10000 per 1000 peak"],
      "- 自动派单": ["latency at-most 3000 p95"],
      "- 轨迹查询": ["latency at-most 1000 p95"],
      "- 同时在线": ["users at-least 50000"],
      "- 报表导出": ["latency at-most 30000"],
      "- 核心链路": ["availability at-least 99.95", "availability exactly 99.5 | availability at-least 99.5"],
      "- 数据零丢失": ["rpo exactly 0", "rto at-most 300000"],
      "- 短信送达率": ["success at-least 98"],
      "- 派单失败率": ["errors at-most 0.3"],
      "- 运单数据": ["retention exactly 94608000000", "retention exactly 15552000000"],
      "- 年新增": ["rate about 160000000 per 31536000000"],
      "- 单条轨迹": ["size about 120"],
    },
  },
  {
    file: "exchange.zh.md",
    lines: {
      为专业用户: ["users exactly 2000000", "users exactly 150000"],
      撮合引擎单交易对: [
        "rate at-least 50000 per 1000",
        "rate exactly 200000 per 1000 peak | rate exactly 200000 per 1000 peak global",
        "latency at-most 5 mean",
        "latency at-most 20 p99",
        "latency at-most 50",
        "concurrency exactly 100000",
      ],
      查询类接口: ["rate exactly 8000 per 1000", "latency at-most 150 p99"],
      系统全年: ["availability exactly 99.99 | availability at-least 99.99", "rto at-most 30000"],
      成交记录: ["retention exactly 157680000000", "retention at-least 15552000000"],
    },
  },
];
