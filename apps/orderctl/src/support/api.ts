import { createClient, type OrderlogClient, type Retry } from '#client/orderlog-client.js';
import { pooledTransport } from './pooled-transport.js';

export interface ApiOptions {
  /** Only the APIs that are used need an address. */
  readonly commandUrl?: string;
  readonly queryUrl?: string;
  readonly token: string;
  /** Requests under way at once to one API; each has its own kept-alive connection. */
  readonly connections: number;
  /** How long a request is repeated while the service is away or busy. */
  readonly patienceMs: number;
  readonly onRetry?: (retry: Retry) => void;
}

export interface Api {
  readonly client: OrderlogClient;
  readonly close: () => Promise<void>;
}

const ANSWER_LIMIT_MS = 30_000;

/** Opens the APIs in the way any client does. */
export function openApi({ connections, patienceMs, ...options }: ApiOptions): Api {
  const { transport, close } = pooledTransport(connections);
  return {
    client: createClient({ ...options, transport, deadlineMs: patienceMs, tryMs: ANSWER_LIMIT_MS }),
    close,
  };
}
