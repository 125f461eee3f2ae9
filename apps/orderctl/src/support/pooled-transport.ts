import { Pool } from 'undici';
import type { Transport } from '#client/orderlog-client.js';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Sends requests over pools of kept-alive connections. For many requests at once this needs far less CPU than the
 * platform's `fetch`.
 *
 * @param connections how many to each origin, at most
 */
export function pooledTransport(connections: number): { transport: Transport; close: () => Promise<void> } {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, { connections, connectTimeout: CONNECT_TIMEOUT_MS });
    pools.set(origin, pool);
    return pool;
  };
  const transport: Transport = async ({ url, method, headers, body, signal }) => {
    const pathAt = url.indexOf('/', url.indexOf('://') + '://'.length);
    const answer = await poolOf(url.slice(0, pathAt)).request({
      method,
      path: url.slice(pathAt),
      headers,
      body,
      signal,
    });
    return {
      status: answer.statusCode,
      header: (name) => [answer.headers[name] ?? []].flat().join(', ') || null,
      text: () => answer.body.text(),
      stream: () => answer.body,
    };
  };
  const close = async () => {
    await Promise.all([...pools.values()].map((pool) => pool.destroy()));
  };
  return { transport, close };
}
