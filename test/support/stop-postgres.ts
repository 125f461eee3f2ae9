import { rm } from 'node:fs/promises';

export default async function stopPostgres(): Promise<void> {
  const running = globalThis.testPostgres;
  if (!running) return;
  globalThis.testPostgres = undefined;
  await running.server.stop();
  await rm(running.dataDir, { recursive: true, force: true });
}
