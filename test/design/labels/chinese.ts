import { type LabelledDocument, label } from "./label.ts";

/** Phrases of public Chinese documents. */
export const chinese: readonly LabelledDocument[] = [
  {
    source: "cenbongkevinho-dotcom/eSIM_Manage docs/产品需求文档.md",
    labels: [
      label("5.5 财务管理", "- 设定对账误差率目标 < 2%（按账期/月度），超阈值触发告警与复核流程。"),
      label("5.13 接口与安全", "- 合规与留存：工时记录与报表留存策略（≥ 13 个月）", "retention at-least 33696000000"),
      label("权限与范围矩阵", "- 审计日志记录读写行动，至少保存 13 个月。", "retention at-least 33696000000"),
      label("验收", "- 批量激活 1000 条作业成功率 ≥ 98%，幂等重试后最终成功率 ≥ 99.5%。", "success at-least 98", "success at-least 99.5"),
      label("验收", "- 长跑任务（>30 分钟）具备进度查询能力，失败任务可自动重试 ≤3 次并进入 DLQ。"),
      label("8. 非功能需求（NFR）", "- 触发限流时统一返回 429 Too Many Requests"),
      label(
        "8. 非功能需求（NFR）",
        "- 目标可用性 ≥ 99.95%；双可用区/多区域部署；RPO ≤ 15 分钟，RTO ≤ 1 小时。",
        "availability at-least 99.95",
        "rpo at-most 900000",
        "rto at-most 3600000",
      ),
      label(
        "8. 非功能需求（NFR）",
        "- 激活峰值并发：≥ 5k req/min（可水平扩展）；Webhook 吞吐与有序处理。",
        "rate at-least 5000 per 60000 peak",
      ),
      label(
        "8. 非功能需求（NFR）",
        "- 报表查询响应：P95 ≤ 2s；批量任务队列可扩展至百万级。",
        "latency at-most 2000 p95",
        "records about 1000000",
      ),
      label("10. 验收标准（示例）", "- 字段映射覆盖率 ≥ 95%，冲突处理具备审计与复核记录；"),
      label("10. 验收标准（示例）", "- 双向同步成功率 ≥ 98%，单记录重试次数 ≤ 3；", "success at-least 98"),
      label("12. 里程碑（参考）", "- M1（8-10 周）：企业流量池、批量激活。"),
      label("13.9 非功能约束（NFR）", "- 首屏不超过 5% 额外体积；切换语言不超过 200ms。"),
    ],
  },
  {
    source: "baowwa/arkone-flowable docs/产品需求文档.md",
    labels: [
      label("1.2 核心价值主张", "- 全过程追踪，准确率 > 99.9%"),
      label("1.3 业务目标", "- 降低数据录入错误率 80%"),
      label("2.1 角色设计原则", "- 10-50人规模测序实验室，样本室通常只有1-2人"),
      label("关键指标", "- 平均登记时间 < 2分钟"),
      label("关键指标", "- 仪器可用率 > 99%"),
      label("关键指标", "- 系统可用性 > 99.5%", "availability at-least 99.5"),
      label("超时预警", "- 红色预警（超过24小时）"),
      label("三级重试机制", "- 重试间隔100ms"),
      label("3.2.1 性能需求", "- 流程实例启动时间 < 500ms", "latency at-most 500"),
      label("3.2.1 性能需求", "- 样本查询响应时间 < 200ms", "latency at-most 200"),
      label("8.4 非功能需求", "- 支持 100+ 并发样本登记", "concurrency at-least 100"),
      label("8.4 非功能需求", "- 样本登记功能可用性 > 99.9%", "availability at-least 99.9"),
      label("11.2 性能指标", "- 支持 10,000+ 并发样本", "concurrency at-least 10000"),
      label("11.2 性能指标", "- 科室分配算法执行时间 < 100ms", "latency at-most 100"),
      label("11.3 业务指标", "- 96个样本批量录入总耗时 < 30分钟（相比原来的 2-3小时）"),
      label("14.4 性能验收标准", "- 批量提交响应时间 < 5秒", "latency at-most 5000"),
      label("17.3 异常升级规则", "- INSTRUMENT_FAILURE：仪器故障超过24小时未修复 → 通知实验室主任"),
      label("SLA定义", "- VALIDATION_FAILED：4小时内解决"),
    ],
  },
  {
    source: "leebrown316868/fastapi_campus 产品需求文档.md",
    labels: [
      label("5.1 性能需求", "* **响应时间**：API接口响应时间不超过500ms（95%的请求）", "latency at-most 500 p95"),
      label("5.1 性能需求", "* **并发能力**：支持至少100个并发用户同时访问", "users at-least 100"),
      label("5.1 性能需求", "* **数据加载**：页面首次加载时间不超过2秒", "latency at-most 2000"),
      label("5.1 性能需求", "* **搜索性能**：关键字搜索响应时间不超过300ms", "latency at-most 300"),
      label("5.4 可维护性需求", "* **测试覆盖**：核心功能单元测试覆盖率不低于80%"),
      label("6.4 数据存储", "* **缓存策略**：热门信息使用内存缓存，缓存时间30分钟"),
      label("6.4 数据存储", "* **数据备份**：定期备份数据库，保留最近7天的备份文件", "retention exactly 604800000"),
    ],
  },
  {
    source: "lwj-st/github-action-management 产品需求文档.md",
    labels: [
      label("2.1 多账户与仓库管理", "搜索响应 ≤1s（缓存后），支持分页/虚拟列表", "latency at-most 1000"),
      label("2.3 执行状态监控", "状态延迟 ≤3s，断线自动重连", "latency at-most 3000"),
      label("2.3 执行状态监控", "日志加载 ≤2s，支持 ANSI 色彩渲染", "latency at-most 2000"),
      label("2.5 流程控制", "取消请求 ≤2s 生效，状态同步更新为 cancelled", "latency at-most 2000"),
      label("2.6 测例管理", "单元测试覆盖率 ≥90%"),
      label("3.2 实用性 & 性能", "智能缓存：仓库列表本地缓存 24h，减少 API 调用"),
      label("五、 测试与验收标准", "启动时间、内存峰值、并发触发 10+ workflow 的测试矩阵"),
      label("六、 版本规划（Roadmap）", "V1.0 MVP 4周"),
    ],
  },
  {
    source: "dnwwdwd/api-key-management 产品需求文档.md",
    labels: [
      label("4.1 登录与会话", "- Session 有效期固定为 48 小时。"),
      label("5.4 列表与缺省值规则", "- 测活成功后，延迟小于 `500ms` 显示绿色，大于等于 `500ms` 显示红色。"),
    ],
  },
  {
    source: "wsqyouth/oip backend/PRD.md",
    labels: [
      label("2. 订单诊断", "- Smart Wait 机制，Hold 连接 10s 等待诊断结果"),
      label("2. 订单诊断", "- 10s 内完成 → 返回完整诊断结果"),
      label("统一响应格式", "- `code`: 业务状态码（必须）- 200成功, 400客户端错误, 500服务器错误, 3001处理中"),
    ],
  },
];
