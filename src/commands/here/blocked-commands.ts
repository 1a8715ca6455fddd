/** Commands that wait, for clients that may: each is asked again when something has come, and answered once. */

import type { SpaceId } from "../../base/ids.ts";
import type { Reply } from "../../command-reply.ts";
import type { CommandClient } from "../../command-store.ts";
import type { KeyWait } from "../../replica/key-waits.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import { kindOf } from "../../types/collection-type.ts";
import type { Awaited } from "../rows/blocking.ts";
import { replyOfError } from "../words/command-error.ts";
import { Interruption } from "../workspace/interruption.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Says that a command waits on: nobody is answered with it. */
const NOT_YET: Reply = { type: "nothing" };

/** Said to whoever placed a command that waits: its keys are kept elsewhere by now. No client is answered with it. */
export const ELSEWHERE: Reply = { type: "nothing" };

export interface BlockedHost {
  readonly host: KeyspaceHost;
  readonly space: SpaceId;
  /** What comes under the keys of the command is told of here. */
  isHere(): boolean;
  /** At once. Throws what the body has to wait for. */
  carryOut(client: CommandClient, body: (workspace: Workspace) => Reply): Reply;
  /** Once what it has to wait for has been seen to. */
  later(client: CommandClient, first: Interruption, body: (workspace: Workspace) => Reply): Promise<Reply>;
  /** A key of the command is being written in turns: it is to be asked when that is done, by `again`. */
  isPutOff(again: () => void): boolean;
}

export function awaited(
  { host, space, isHere, carryOut, later, isPutOff }: BlockedHost,
  client: CommandClient & Required<Pick<CommandClient, "waits">>,
  { type, keys, timeoutMs, take, over }: Awaited,
): Promise<Reply> {
  const { keyWaits } = host.replica();
  return new Promise((resolve) => {
    let isOver = false;
    const answer = (reply: Reply): boolean => {
      isOver = true;
      resolve(reply);
      return true;
    };
    // Whoever has gone takes nothing.
    const body = (workspace: Workspace): Reply => (isOver ? undefined : take(workspace)) ?? NOT_YET;
    const serve = (): boolean => {
      if (!isHere()) return answer(ELSEWHERE);
      if (isPutOff(again)) return false;
      try {
        const reply = carryOut(client, body);
        return reply === NOT_YET ? isOver : answer(reply);
      } catch (error) {
        if (!(error instanceof Interruption)) return answer(replyOfError(error));
        later(client, error, body).catch(replyOfError).then(goOn);
        return true;
      }
    };
    const wait: KeyWait = {
      ...{ space, kind: kindOf(type), keys, serve, isHere, end: () => answer(isHere() ? over : ELSEWHERE) },
      ...{ dueAt: host.now() + timeoutMs, waitMaxMs: timeoutMs },
    };
    // With all that wait for the same keys, in their order.
    const again = (): void => keyWaits.askFor(wait);
    const goOn = (reply: Reply): void => {
      if (reply !== NOT_YET) answer(reply);
      else if (!isOver) enqueue();
    };
    const enqueue = (): void => {
      try {
        keyWaits.add(wait);
      } catch (error) {
        answer(replyOfError(error));
      }
    };
    enqueue();
    if (isOver) return;
    client.waits.begin({
      end: (reply = over) => {
        keyWaits.remove(wait);
        answer(reply);
      },
    });
  });
}
