/** Runs all checks, two at a time, and shows the output of every failed check, not only of the first. */
import { spawn } from 'node:child_process';

/** The longest first. */
const CHECKS = ['lint', 'types', 'formatted', 'generated', 'boundaries', 'dead-code'];
const AT_ONCE = 2;

function run(check) {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', check], { shell: process.platform === 'win32' });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((done) => {
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'failed'} ${check} (${seconds} s)`);
      if (code !== 0) console.log(output.trimEnd());
      done(code === 0);
    });
  });
}

const waiting = [...CHECKS];
const results = [];
async function lane() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
    results.push(await run(check));
}
await Promise.all(Array.from({ length: AT_ONCE }, lane));
process.exitCode = results.every(Boolean) ? 0 : 1;
