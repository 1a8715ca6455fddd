/** `FLUSHDB`: all keys of the selected keyspace, one by one, since others may have written meanwhile what this replica has not seen. */

import { OK } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { optionOf } from "../words/words.ts";
import { SCAN_START } from "../workspace/workspace.ts";

/** Of a turn: some 5 ms. */
const PAGE_KEYS = 500;

export function flush(words: CommandWords): Turn {
  const option = optionOf(words, 1);
  if (words.length > 2 || (words.length === 2 && option !== "sync" && option !== "async"))
    throw new CommandError(SYNTAX_ERROR);
  let place = SCAN_START;
  return (workspace) => {
    const page = workspace.scan(place, { prefix: "", count: PAGE_KEYS });
    for (const key of page.keys) workspace.remove(key);
    if (page.next === undefined) return OK;
    place = page.next;
    return undefined;
  };
}
