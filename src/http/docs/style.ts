/** How the page looks: two palettes, one column on a telephone, two or three on a desk. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f4f6f6; --card: #fff; --sunk: #f0f3f4; --ink: #0f2030; --soft: #4d606f; --edge: #d9e0e3; --sea: #0b5d80; --lead: #bf3f2a; --good: #17694f;
  --hatch: #9db4c2; --get: #17694f; --post: #1c4f9e; --put: #83560a; --delete: #b02a1f; --shade: 0 1px 2px #0f203014, 0 8px 24px #0f203010;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --text: ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Liberation Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0b141c; --card: #111d27; --sunk: #0d1821; --ink: #e5edf2; --soft: #9cb0be; --edge: #233543; --sea: #74c4e4; --lead: #f2836c; --good: #6fd0a8;
    --hatch: #46606f; --get: #6fd0a8; --post: #86b6ff; --put: #e6b75e; --delete: #ff8d7e; --shade: 0 1px 2px #0006, 0 8px 24px #0005;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 76px; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 var(--text); overflow-wrap: break-word; }
h1, h2, h3, h4, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
a { color: var(--sea); text-underline-offset: 3px; }
code, pre, textarea { font-family: var(--mono); font-size: 13px; }
:focus-visible { outline: 2px solid var(--sea); outline-offset: 2px; border-radius: 3px; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
button, input, select, textarea { font: inherit; color: inherit; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; z-index: 9; background: var(--card); padding: 8px 14px; }
.offscreen { position: fixed; top: -99px; }
.splash { padding: 18vh 24px; text-align: center; color: var(--soft); }

header { position: sticky; top: 0; z-index: 5; display: grid; grid-template-columns: 264px minmax(0, 520px) 1fr; gap: 24px; align-items: center; height: 60px; padding: 0 24px;
  background: var(--card); border-bottom: 1px solid var(--edge); }
.brand { display: flex; align-items: center; gap: 10px; min-width: 0; color: var(--ink); font-weight: 650; letter-spacing: -.01em; text-decoration: none; }
.brand span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mark { width: 30px; height: 30px; flex: none; fill: none; stroke: var(--lead); stroke-width: 3; }
input, select, textarea { width: 100%; padding: 7px 11px; background: var(--sunk); border: 1px solid var(--edge); border-radius: 7px; }
input::placeholder { color: var(--soft); opacity: 1; }
textarea { display: block; resize: vertical; line-height: 1.5; }
textarea[aria-invalid="true"] { border-color: var(--lead); }
button, .token > summary { padding: 6px 13px; border: 1px solid var(--edge); border-radius: 7px; background: var(--card); font-size: 13.5px; line-height: 1.5; cursor: pointer; white-space: nowrap; }
button:hover, .token > summary:hover { border-color: var(--soft); }
button.primary { background: var(--ink); border-color: var(--ink); color: var(--paper); font-weight: 600; padding: 7px 20px; }
button:disabled { opacity: .6; cursor: default; }
.tools { display: flex; gap: 8px; justify-content: flex-end; }
.token { position: relative; }
[data-token] .token > summary { border-color: var(--good); color: var(--good); }
.menu { position: absolute; right: 0; top: calc(100% + 8px); width: min(340px, calc(100vw - 32px)); padding: 16px; background: var(--card); border: 1px solid var(--edge); border-radius: 10px; box-shadow: var(--shade); }
.menu .note { margin: 8px 0 12px; }

#page { display: grid; grid-template-columns: 264px minmax(0, 1fr); }
#page > header, #page > .splash { grid-column: 1 / -1; }
nav { position: sticky; top: 60px; height: calc(100vh - 60px); overflow-y: auto; padding: 26px 12px 40px 24px; }
nav h2 { font-size: 13px; font-weight: 650; margin: 0 0 6px; }
nav div + div { margin-top: 22px; }
nav a { display: flex; gap: 10px; align-items: baseline; padding: 3px 8px; margin-left: -8px; border-radius: 6px; color: var(--soft); font-size: 13.5px; text-decoration: none; }
nav a:hover, nav a[aria-current] { background: color-mix(in srgb, var(--ink) 6%, transparent); color: var(--ink); }
nav .verb { width: 44px; font-size: 9.5px; }
main { max-width: 1180px; padding: 34px 32px 96px; outline: none; }

.intro { display: grid; grid-template-columns: minmax(0, 1fr) 350px; gap: 40px; align-items: start; margin-bottom: 36px; }
h1 { font-size: 34px; line-height: 1.15; letter-spacing: -.025em; font-weight: 700; }
h1 small { font: 500 14px var(--mono); letter-spacing: 0; color: var(--soft); margin-left: 4px; }
.count { margin: 8px 0 16px; color: var(--soft); }
.prose { max-width: 68ch; }
.prose p + p { margin-top: 10px; }
.prose code, .note code { white-space: nowrap; padding: 1px 5px; background: var(--sunk); border: 1px solid var(--edge); border-radius: 4px; font-size: .86em; }
.legend { padding: 18px 20px 16px; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; }
.legend h2 { font-size: 15px; letter-spacing: -.01em; }
.legend p { margin: 4px 0 14px; color: var(--soft); font-size: 13.5px; }
.found:not(:empty) { margin: -16px 0 20px; color: var(--soft); }

.module + .module { margin-top: 38px; }
.module > h2 { font-size: 20px; letter-spacing: -.015em; margin-bottom: 10px; }
.operation { background: var(--card); border: 1px solid var(--edge); border-bottom-width: 0; }
.operation:first-of-type { border-radius: 12px 12px 0 0; }
.operation:last-of-type { border-bottom-width: 1px; border-radius: 0 0 12px 12px; }
.operation:first-of-type:last-of-type { border-radius: 12px; }
.operation[open] { box-shadow: var(--shade); }
.operation > summary { display: grid; grid-template-columns: 58px minmax(0, 1fr) auto 262px; gap: 6px 16px; align-items: center; padding: 13px 20px; border-radius: inherit; }
.operation > summary:hover { background: color-mix(in srgb, var(--ink) 3%, transparent); }
.operation[open] > summary { border-bottom: 1px solid var(--edge); }
.verb { font: 700 11px var(--mono); letter-spacing: .03em; }
.verb.get { color: var(--get); } .verb.post { color: var(--post); } .verb.put, .verb.patch { color: var(--put); } .verb.delete { color: var(--delete); }
h3 { font-weight: 500; line-height: 1.4; }
h3 code { font-size: 14.5px; }
h3 i { font-style: normal; color: var(--sea); }
.summary { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; color: var(--soft); font-size: 13.5px; }
.summary code { font-size: 12px; opacity: .85; }
.who { padding: 1px 9px; border: 1px solid var(--edge); border-radius: 99px; font-size: 12.5px; color: var(--soft); white-space: nowrap; }
.who.open { border-style: dashed; }
.budget { display: flex; align-items: center; gap: 14px; }
.numbers { display: grid; font: 12px/1.35 var(--mono); color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
.numbers b { color: var(--ink); font-weight: 600; }
.load { width: 164px; height: 20px; flex: none; }
.load .track { stroke: var(--edge); }
.load .run { fill: var(--ink); }
.load .wait { fill: url(#hatch); stroke: none; }
.load .disc { fill: var(--card); stroke: var(--lead); stroke-width: 2; }
.load .line { stroke: var(--lead); stroke-width: 2; }
#hatch path { stroke: var(--soft); stroke-width: 1.6; }
#hatch rect { fill: color-mix(in srgb, var(--hatch) 30%, transparent); }

.gauge { display: flex; align-items: flex-start; gap: 2px; }
.part { flex: 1 1 0; }
.part .bar { display: block; height: 14px; margin: 8px 0; border-radius: 2px; }
.part.run .bar { background: var(--ink); }
.part.wait .bar { background: repeating-linear-gradient(-45deg, var(--soft) 0 1.5px, color-mix(in srgb, var(--hatch) 30%, transparent) 1.5px 6px); }
.part.end { flex: 0 0 auto; margin-left: -1px; }
.part.end .mark { display: block; margin-left: 0; }
.part.end .figure { color: var(--lead); }
.figure { display: block; padding-right: 8px; font-size: 12.5px; line-height: 1.35; color: var(--soft); white-space: nowrap; }
.figure b { color: var(--ink); font-weight: 650; font-variant-numeric: tabular-nums; }

.operation-body { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 412px); }
.told { padding: 22px 24px 28px 20px; min-width: 0; }
.told > section + section, .told > details { margin-top: 28px; }
h4 { font-size: 13.5px; font-weight: 650; margin-bottom: 8px; }
.facts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px 20px; margin-top: 18px; }
.facts dt { font-size: 12.5px; color: var(--soft); }
.facts dd { font-weight: 550; font-size: 14px; }
.fields { border-top: 1px solid var(--edge); }
.field { padding: 8px 0; border-bottom: 1px solid var(--edge); }
.field .fields { margin: 8px 0 0 2px; padding-left: 14px; border-top: 0; border-left: 2px solid var(--edge); }
.field .field:last-child, .fault .field:last-child { border-bottom: 0; padding-bottom: 2px; }
.field-head { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; }
.field-name { font-weight: 600; }
.type, .bound { font: 12.5px var(--mono); color: var(--soft); overflow-wrap: anywhere; }
.bound { padding: 0 5px; background: var(--sunk); border-radius: 4px; font-size: 11.5px; }
.tag { font-size: 12px; color: var(--soft); }
.tag.required { color: var(--lead); }
.note { color: var(--soft); font-size: 13.5px; }
.option { padding: 8px 0; }
.fault { display: grid; grid-template-columns: 42px minmax(0, 1fr); gap: 4px 12px; padding: 9px 0; border-top: 1px solid var(--edge); }
.fault .fields { margin-top: 8px; }
.status-code { font: 600 13px/1.6 var(--mono); color: var(--lead); }
.status-code.good, .status.good b { color: var(--good); }
.status.bad b, p.bad { color: var(--lead); }
.platform > summary, .example > summary, .try > summary { width: fit-content; font-size: 13.5px; font-weight: 650; }
.platform > summary::before, .example > summary::before, .try > summary::before { content: ""; display: inline-block; width: 6px; height: 6px; margin: 0 9px 2px 1px; border: solid; border-width: 0 1.6px 1.6px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg); }
.platform > .fault:nth-child(2) { margin-top: 10px; }
.platform .field-name { font-weight: 450; }
.example { margin-top: 10px; }
.example > summary { font-weight: 500; color: var(--soft); }

.panel { background: var(--sunk); border-left: 1px solid var(--edge); border-bottom-right-radius: inherit; min-width: 0; }
.panel-inner { position: sticky; top: 60px; max-height: calc(100vh - 60px); overflow-y: auto; padding: 22px 20px 24px; }
.panel-head { display: flex; justify-content: space-between; align-items: center; margin-bottom: 8px; }
.panel-head h4 { margin: 0; }
.panel-head button { padding: 2px 10px; font-size: 12.5px; }
pre { margin: 8px 0 0; padding: 13px 14px; max-height: 420px; overflow: auto; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; line-height: 1.55; }
pre code { font-size: 12.5px; }
.curl { margin: 0; background: #0f2030; border-color: #0f2030; color: #dbe7ee; white-space: pre-wrap; overflow-wrap: anywhere; }
.json-name { color: var(--sea); } .json-text { color: var(--good); } .json-value { color: var(--put); }
.try { margin-top: 16px; }
.try form { display: grid; gap: 13px; margin-top: 13px; }
.try input, .try select, .try textarea { margin-top: 4px; background: var(--card); font: 13px/1.5 var(--mono); }
.label { display: flex; flex-wrap: wrap; gap: 0 9px; align-items: baseline; font-size: 13px; }
.form-field button { margin-top: 6px; padding: 2px 10px; font-size: 12.5px; }
[data-token] .needs-token { display: none; }
button.primary { justify-self: start; }
.live > div, .live > p { margin-top: 18px; }
.status { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13.5px; color: var(--soft); }
.answer-headers { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 1px 14px; margin-top: 6px; font: 12px/1.6 var(--mono); }
.answer-headers dt { color: var(--soft); }
.answer-headers dd { overflow-wrap: anywhere; }

@media (max-width: 1200px) {
  .operation-body { grid-template-columns: minmax(0, 1fr); }
  .panel { border-left: 0; border-top: 1px solid var(--edge); }
  .panel-inner { position: static; max-height: none; }
}
@media (max-width: 1040px) {
  #page { grid-template-columns: minmax(0, 1fr); }
  nav { display: none; }
  header { grid-template-columns: auto minmax(0, 1fr) auto; }
  main { margin: 0 auto; width: 100%; }
  .intro { grid-template-columns: minmax(0, 1fr); gap: 24px; }
}
@media (max-width: 720px) {
  html { scroll-padding-top: 116px; }
  header { grid-template-columns: minmax(0, 1fr) auto; gap: 8px 12px; height: auto; padding: 10px 16px; }
  header input[type="search"] { grid-row: 2; grid-column: 1 / -1; }
  main { padding: 24px 16px 72px; }
  h1 { font-size: 28px; }
  .operation > summary { grid-template-columns: minmax(0, 1fr) auto; padding: 13px 14px; }
  .operation > summary .verb { grid-row: 1; }
  .operation > summary .who { grid-row: 1; grid-column: 2; }
  .operation > summary .what, .operation > summary .budget { grid-column: 1 / -1; }
  h3 { overflow-wrap: anywhere; }
  .told, .panel-inner { padding-left: 14px; padding-right: 14px; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  input, select, textarea, .try input, .try select, .try textarea { font-size: 16px; }
}
@media (prefers-reduced-motion: no-preference) {
  summary::before { transition: transform .12s; }
}
`;
