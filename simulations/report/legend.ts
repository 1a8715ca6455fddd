/** What the signs of the picture mean: each drawn as it is drawn there. */

import { html, type Markup } from "./markup.ts";
import { MESSAGE_KINDS } from "./messages.ts";

export function renderLegend(messages: string): Markup {
  return html`<ul class="legend">
${sign(html`<path class="life region0" d="M0 7H26"/>`, "running")}
${sign(html`<path class="starting region0" d="M0 7H26"/>`, "starting")}
${sign(html`<path class="end crash" d="M13 0V14"/>`, "crash")}
${sign(html`<path class="end stop" d="M13 0V14"/>`, "orderly stop")}
${sign(html`<path class="paused" d="M0 7H26"/>`, "paused")}
${sign(html`<g class="cuts"><rect class="shade5" width="26" height="14"/></g>`, "cut: the darker, the more paths across are closed")}
${sign(html`<path class="write acknowledged" d="M5 14V3"/><path class="flag acknowledged" d="M5 3H22"/>`, "write, and how long its client waited (deletions point down)")}
${sign(html`<path class="write unmet" d="M5 14V3"/><path class="flag unmet" d="M5 3H22"/>`, "write not acknowledged as asked, or never answered")}
${sign(html`<path class="write acknowledged" d="M13 14V4"/><path class="lost" d="M13 4h0"/>`, "lost to a write that had not seen it")}
${Object.entries(MESSAGE_KINDS).map(([kind, words]) => sign(html`<g class="messages"><path class="${kind} weight0" d="M2 1L24 13"/></g>`, words))}
<li>${messages}</li></ul>`;
}

function sign(drawing: Markup, words: string): Markup {
  return html`<li><svg aria-hidden="true">${drawing}</svg>${words}</li>`;
}
