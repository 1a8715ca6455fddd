/** How a report looks, light and dark. Colours of regions are Okabe and Ito's, which most eyes can tell apart. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2430; --soft: #5b6472; --line: #e2dfd8; --grid: #ece9e2;
  --good: #1a7f4b; --good-paper: #e2f4ea; --bad: #c4321c; --bad-paper: #fde7e2;
  --cut: #d9480f; --lost: #e8590c; --crash: #c4321c; --down: #d4d0c7;
  --push: #3b6fb5; --compare: #8b93a1; --delta: #b3569b; --audit: #d9480f; --other: #8b93a1;
  --network: #d9480f; --process: #7a3db8; --clock: #1c7f94; --disk: #8a6d1b;
  --lag1: #fde3b6; --lag2: #fbc070; --lag3: #f3913a; --lag4: #dd5c1c; --lag5: #b02a12;
  --region0: #0072b2; --region1: #c78500; --region2: #009e73; --region3: #b8559a;
  --region4: #4d8fc0; --region5: #d55e00; --region6: #6f7d1e; --region7: #7b6fd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --card: #1a2029; --ink: #e6e9ee; --soft: #98a2b1; --line: #2c343f; --grid: #242b35;
    --good: #5fd397; --good-paper: #143524; --bad: #ff8a73; --bad-paper: #43201a;
    --cut: #ff7b3d; --lost: #ff9a4d; --crash: #ff6b54; --down: #39414d;
    --push: #6fa8ec; --compare: #8691a1; --delta: #dc8ac7; --audit: #ff9a4d; --other: #8691a1;
    --network: #ff8a4c; --process: #b98cf0; --clock: #56c2d6; --disk: #d8b54f;
    --lag1: #43361f; --lag2: #6d4a1e; --lag3: #a5601f; --lag4: #db7a2a; --lag5: #ffab5e;
    --region0: #4aa8e0; --region1: #f0b429; --region2: #3fcf9f; --region3: #dc8ac7;
    --region4: #8cc4ec; --region5: #ff8f45; --region6: #b7c452; --region7: #a79df0;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1500px; padding: 28px 32px 60px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 2px 0 10px; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 38px 0 10px; font-size: 19px; }
h3 { margin: 0 0 6px; font-size: 16px; }
a { color: inherit; text-decoration: underline; text-decoration-color: var(--soft); text-underline-offset: 2px; }
a:hover { text-decoration-color: currentColor; }
.eyebrow { margin: 0; color: var(--soft); font-size: 12px; letter-spacing: 0.08em; text-transform: uppercase; }
.seed { color: var(--soft); font-weight: 400; }
.badge { display: inline-block; padding: 2px 12px 3px; border-radius: 999px; font-size: 20px; vertical-align: 3px; }
.badge.held { background: var(--good-paper); color: var(--good); }
.badge.broken { background: var(--bad-paper); color: var(--bad); }
.lead { max-width: 75em; margin: 0 0 18px; font-size: 16px; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 10px; margin: 0; }
.facts div { padding: 10px 14px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.facts dt { color: var(--soft); font-size: 12.5px; }
.facts dd { margin: 0; font-size: 21px; font-variant-numeric: tabular-nums; }
.facts small { display: block; color: var(--soft); font-size: 12px; }
.note { margin: 6px 0; color: var(--soft); font-size: 13.5px; }
.good { color: var(--good); } .bad { color: var(--bad); }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 0; padding: 10px 14px; border-radius: 8px; background: var(--grid); white-space: pre-wrap; overflow-wrap: anywhere; }
.violation { margin: 0 0 16px; padding: 14px 18px; border: 1px solid var(--bad); border-radius: 10px; background: var(--card); }
.violation h3 { color: var(--bad); } .violation .at { color: var(--soft); font-weight: 400; }
.violation details { margin-top: 10px; } summary { cursor: pointer; color: var(--soft); }
.scroll { overflow: auto; max-height: 460px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: var(--card); color: var(--soft); font-weight: 500; text-align: left; }
th, td { padding: 6px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td { overflow-wrap: anywhere; } td.number, th.number { text-align: right; white-space: nowrap; }
td .swatch { display: inline-block; width: 9px; height: 9px; margin-right: 7px; border-radius: 2px; }
.swatch.network { background: var(--network); } .swatch.process { background: var(--process); }
.swatch.clock { background: var(--clock); } .swatch.disk { background: var(--disk); }
.outcome.unknown, .outcome.unmet { color: var(--lost); } .outcome.refused { color: var(--soft); }

.figure { position: relative; padding: 6px 14px 10px 14px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.rows { display: grid; grid-template-columns: 150px minmax(0, 1fr); position: relative; }
.rows svg { display: block; overflow: hidden; } .rows svg.labels { overflow: visible; }
.time { cursor: crosshair; touch-action: pan-y; }
.axis { height: 22px; } .axis text { fill: var(--soft); font-size: 11.5px; }
.labels text { fill: var(--ink); font-size: 13px; } .labels .small { font-size: 11px; }
.labels text.region, .labels text.scale { fill: var(--soft); font-size: 11px; }
.labels .chip.region0 { fill: var(--region0); } .labels .chip.region1 { fill: var(--region1); }
.labels .chip.region2 { fill: var(--region2); } .labels .chip.region3 { fill: var(--region3); }
.labels .chip.region4 { fill: var(--region4); } .labels .chip.region5 { fill: var(--region5); }
.labels .chip.region6 { fill: var(--region6); } .labels .chip.region7 { fill: var(--region7); }
.time path { fill: none; vector-effect: non-scaling-stroke; }
.region0 { stroke: var(--region0); } .region1 { stroke: var(--region1); } .region2 { stroke: var(--region2); }
.region3 { stroke: var(--region3); } .region4 { stroke: var(--region4); } .region5 { stroke: var(--region5); }
.region6 { stroke: var(--region6); } .region7 { stroke: var(--region7); } .chip { stroke: none; }
.grid { stroke: var(--grid); stroke-width: 1px; pointer-events: none; }
.healing { fill: var(--good); opacity: 0.08; pointer-events: none; }
.healed { stroke: var(--good); stroke-width: 1.5px; stroke-dasharray: 2 3; pointer-events: none; }
.moment { stroke: var(--bad); stroke-width: 1.5px; }
.cuts rect { fill: var(--cut); }
.shade1 { opacity: 0.06; } .shade2 { opacity: 0.11; } .shade3 { opacity: 0.17; } .shade4 { opacity: 0.23; }
.shade5 { opacity: 0.29; } .shade6 { opacity: 0.36; }
.messages { pointer-events: none; } .messages path { stroke-width: 0.8px; opacity: 0.2; }
.messages .weight1 { stroke-width: 1.5px; opacity: 0.4; } .messages .weight2 { stroke-width: 2.6px; opacity: 0.55; }
.push { stroke: var(--push); } .compare { stroke: var(--compare); } .delta { stroke: var(--delta); }
.audit { stroke: var(--audit); } .other { stroke: var(--other); }
.messages.dense path { opacity: 0.09; } .messages.dense .weight1 { opacity: 0.22; } .messages.dense .weight2 { opacity: 0.4; }
.messages .delta { opacity: 0.45; } .messages.dense .delta { opacity: 0.16; } .messages .audit { opacity: 0.6; }
.life { stroke-width: 4px; } .starting { stroke-width: 3px; stroke-dasharray: 2 3; opacity: 0.7; }
.end { stroke-width: 3px; } .end.crash { stroke: var(--crash); } .end.stop, .end.leave { stroke: var(--soft); }
.pause { stroke: var(--card); stroke-width: 5px; } .paused { stroke: var(--process); stroke-width: 4px; stroke-dasharray: 1 4; }
.write { stroke: var(--ink); stroke-width: 1px; opacity: 0.75; } .write.refused { opacity: 0.2; }
.flag { stroke: var(--ink); stroke-width: 1px; opacity: 0.3; }
.write.unmet, .write.unknown, .flag.unmet, .flag.unknown { stroke: var(--crash); }
.lost { stroke: var(--lost); stroke-width: 4px; stroke-linecap: round; }
.suspect { stroke: var(--bad); stroke-width: 9px; stroke-linecap: round; opacity: 0.85; }
.fault.network { fill: var(--network); } .fault.process { fill: var(--process); }
.fault.clock { fill: var(--clock); } .fault.disk { fill: var(--disk); } .fault { opacity: 0.85; }
.area { fill: var(--cut) !important; opacity: 0.16; } .line { stroke: var(--cut); stroke-width: 1.5px; }
.zero { stroke: var(--line); } .clock { stroke-width: 1.5px; }
.lags .down { fill: var(--down); opacity: 0.6; }
.lag1 { fill: var(--lag1); } .lag2 { fill: var(--lag2); } .lag3 { fill: var(--lag3); } .lag4 { fill: var(--lag4); } .lag5 { fill: var(--lag5); }
.toolbar { display: none; flex-wrap: wrap; gap: 6px; align-items: center; margin: 0 0 8px; }
.scripted .toolbar { display: flex; }
.toolbar button { min-width: 34px; padding: 4px 10px; border: 1px solid var(--line); border-radius: 7px; background: var(--card); color: inherit; font: inherit; font-size: 13.5px; cursor: pointer; }
.toolbar button:hover { border-color: var(--soft); } .toolbar .note { margin: 0 0 0 6px; }
.readout { min-height: 1.5em; margin: 4px 0 0; color: var(--soft); font-size: 13.5px; font-variant-numeric: tabular-nums; }
.cursor, .brush { position: absolute; top: 0; bottom: 0; display: none; pointer-events: none; }
.cursor { width: 1px; background: var(--soft); opacity: 0.6; } .brush { background: var(--push); opacity: 0.18; }
.tip { position: fixed; z-index: 2; display: none; max-width: 460px; padding: 7px 11px; border-radius: 8px; background: var(--ink); color: var(--paper); font-size: 12.5px; line-height: 1.45; white-space: pre-line; overflow-wrap: anywhere; pointer-events: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 12.5px; }
.legend svg { width: 26px; height: 14px; margin-right: 6px; vertical-align: -2px; overflow: visible; } .legend path { fill: none; }
.legend .messages path { opacity: 0.9; stroke-width: 1.6px; }
@media (max-width: 700px) { body { padding: 16px 12px 40px; } h1 { font-size: 24px; } }
@media print { .toolbar, .readout { display: none !important; } .scroll { max-height: none; } }
`;
