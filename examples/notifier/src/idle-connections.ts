import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  /** In `Date.now()` time. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/**
 * Until kafkajs mends it (tulios/kafkajs#1751): version 2.2.4 looks every millisecond after requests that wait to be
 * sent, also on idle connections, and Node 24 warns of the negative delay.
 */
export function keepIdleConnectionsQuiet(): void {
  const require = createRequire(import.meta.url);
  const { prototype: queue } = require('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  const look = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) look.call(this);
  };
}
