/** What was broken: each violation with its moment and what was done to its key. Nothing when all held. */

import { showKey } from "../checkers/evidence.ts";
import { html, type Markup } from "./markup.ts";
import type { Suspects } from "./suspects.ts";
import { jump, renderOperations } from "./tables.ts";
import { list, moment, plural } from "./words.ts";

/** To either side of the moment, in the picture. */
const AROUND_MS = 500;

export function renderViolations(suspects: readonly Suspects[]): Markup | undefined {
  if (suspects.length === 0) return undefined;
  return html`<section id="violations"><h2>What was broken</h2>${suspects.map((each, place) => renderViolation(each, place === 0))}</section>
`;
}

function renderViolation({ violation, at, keys, named, entries, leftOut }: Suspects, isOpen: boolean): Markup {
  const place = jump(at - AROUND_MS, at + AROUND_MS, moment(at));
  const operations =
    entries.length === 0
      ? undefined
      : html`<details${isOpen ? " open" : undefined}><summary>${plural(entries.length, "operation")} on ${list(keys.map(showKey))}</summary>${renderOperations(entries, named)}${leftOut === 0 ? undefined : html`<p class="note">and ${leftOut} further from the moment</p>`}</details>`;
  return html`<article class="violation"><h3>${violation.checker} <span class="at">at ${place}</span></h3><pre>${violation.message}</pre>${operations}</article>
`;
}
