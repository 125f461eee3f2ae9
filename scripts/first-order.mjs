// Runs the README's main command and sends one order through it: start, place, read, stop. Exits 0 when all of it
// worked. An argument names the major version of Node that must be running this.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from 'orderlog-client';
import { freePort } from './free-port.mjs';

const START_TIMEOUT_MS = 120_000; // generous for shared machines: speed is measured in the bench, not here
const orderctl = fileURLToPath(new URL('../apps/orderctl/bin/orderctl.js', import.meta.url));
const wantedMajor = process.argv[2];
const data = mkdtempSync(join(tmpdir(), 'orderlog-first-order-'));

const running = process.versions.node.split('.')[0];
if (wantedMajor && running !== wantedMajor) throw new Error(`this is Node ${running}, not ${wantedMajor}`);
const system = await start();
try {
  await placeAndRead();
  console.log(`one order placed and read on Node ${process.versions.node}`);
} finally {
  await stop(system);
  rmSync(data, { recursive: true, force: true });
}

async function start() {
  const [command, query, store] = await Promise.all([freePort(), freePort(), freePort()]);
  const ports = ['--command-port', command, '--query-port', query, '--event-store-port', store].map(String);
  const child = spawn(process.execPath, [orderctl, 'up', '--data', data, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  await new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`not ready in time:\n${printed}`)), START_TIMEOUT_MS);
    child.once('exit', (code) => failed(new Error(`orderctl up ended with ${code}:\n${printed}`)));
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      // Printed last, when everything is up.
      if (printed.includes('orderctl inspect')) {
        clearTimeout(timer);
        ready();
      }
    });
  });
  return child;
}

async function placeAndRead() {
  const { commandUrl, queryUrl } = JSON.parse(readFileSync(join(data, 'system.json'), 'utf8'));
  const { stdout } = await promisify(execFile)(process.execPath, [
    orderctl,
    'token',
    '--data',
    data,
    '--scope',
    'orders:read orders:write',
  ]);
  const orderlog = createClient({ commandUrl, queryUrl, token: stdout.trim() });
  const { orderId } = await orderlog.placeOrder({
    currency: 'GBP',
    lines: [{ sku: 'MUG', name: 'Mug', quantity: 2, unitPriceMinor: 450 }],
  });
  const { totals } = await orderlog.getOrder({ orderId });
  if (totals.totalMinor !== 900) throw new Error(`two mugs cost 900, not ${JSON.stringify(totals)}`);
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  const code = await ended;
  if (code !== 0) throw new Error(`orderctl up ended with ${code} after Ctrl-C`);
}
