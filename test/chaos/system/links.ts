import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { RepeatedRequests } from '../faults/repeated-requests.js';

/** One connection of the system, with everything that can go wrong on it. */
export interface Link {
  /** Who talks to whom: `projector-a>postgres`. */
  readonly name: string;
  readonly proxy: TcpProxy;
  /** null: it does not speak HTTP/1, in which a request stands by itself. */
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
