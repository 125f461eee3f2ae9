import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Tells the bench, which started this process, where it listens. */
export function tell(server: Server): void {
  process.send?.({ port: (server.address() as AddressInfo).port });
  process.once('disconnect', () => process.exit());
}
