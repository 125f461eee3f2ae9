import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { RepeatedRequests } from '../faults/repeated-requests.js';

/** One connection of the system, with all faults that it can have. */
export interface Link {
  /** Client and server of the connection: `projector-a>postgres`. */
  readonly name: string;
  readonly proxy: TcpProxy;
  /** null: the connection does not carry HTTP/1, so its requests cannot be repeated one by one. */
  readonly repeated: RepeatedRequests | null;
}

export async function openLink(
  name: string,
  targetPort: number,
  onRepeat: ((request: string) => void) | null,
): Promise<Link> {
  const repeated = onRepeat === null ? null : new RepeatedRequests(targetPort, onRepeat);
  return { name, proxy: await startTcpProxy(targetPort, repeated?.watch), repeated };
}
