/** What a server answers to cases, as far as it can be compared with what another one answers. */

import type { Case } from "./case-text.ts";
import { type Answer, RespClient } from "./resp-client.ts";

/** `database`: what is selected first. */
export async function answersOf(
  port: number,
  version: string,
  cases: readonly Case[],
  database = "0",
): Promise<readonly string[]> {
  const client = await RespClient.connect(port);
  if (database !== "0") await client.send("SELECT", database);
  await client.send("FLUSHALL");
  await client.send("HELLO", version);
  const answers: string[] = [];
  for (const { line, words, compares } of cases) {
    const answer = await client.send(...words);
    answers.push(`${line} => ${JSON.stringify(compared(answer, compares))}`);
  }
  await client.close();
  return answers;
}

function compared(answer: Answer, compares: Case["compares"]): Answer {
  if (compares === "about") return typeof answer === "number" ? Math.round(answer / 2000) : answer;
  if (compares === "kind") return kindOf(answer);
  if (compares === "unordered") return sorted(answer);
  return answer;
}

/** Lists and sets sorted; maps by their keys. */
function sorted(answer: Answer): Answer {
  if (Array.isArray(answer)) return inOrder(answer.map(sorted));
  const { set, map } = (answer ?? {}) as { readonly set?: readonly Answer[]; readonly map?: readonly Answer[] };
  if (set !== undefined) return { set: inOrder(set) };
  if (map === undefined) return answer;
  const pairs = map.flatMap((key, i) => (i % 2 === 0 ? [[key, map[i + 1]]] : []));
  return { map: inOrder(pairs).flat() };
}

function inOrder<T>(answers: readonly T[]): T[] {
  return [...answers].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function kindOf(answer: Answer): string {
  if (typeof answer === "object" && answer !== null && "error" in answer)
    return String(answer.error).split(" ")[0] ?? "";
  return typeof answer;
}
