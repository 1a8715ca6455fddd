/** What carries out commands of other replicas' clients here: commands themselves are no affair of the replica's. */

import type { ReplicaId } from "../base/ids.ts";
import type { CommandsBody, Request, ResponseBody } from "../wire/request.ts";

export interface CommandRequest extends Omit<Request, "request" | "body"> {
  readonly from: ReplicaId;
  readonly body: CommandsBody;
  /** Tells who asked that it is being seen to, before others are waited for. */
  taken(): void;
  /** Somebody else is to carry it out. */
  passedOn(): void;
}

export interface CommandService {
  /** Rejects with what the commands cannot be carried out for. */
  serve(request: CommandRequest): Promise<ResponseBody>;
}
