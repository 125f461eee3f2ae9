import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { expect, it } from '@jest/globals';
import { commandOf, isAlive, processStart } from './process-identity.js';

it('a process is known by its start and its command while it lives, and not afterwards', async () => {
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()', 'a word', '-D', '/data']);
  const [pid, ended] = [child.pid!, new Promise((done) => child.once('exit', done))];
  expect(isAlive(pid)).toBe(true);
  expect(processStart(pid)).toBe(processStart(pid));
  expect(commandOf(pid)).toEqual({
    program: basename(process.execPath),
    line: `${process.execPath} --eval process.stdin.resume() a word -D /data`,
  });
  child.stdin.end();
  await ended;
  expect(isAlive(pid)).toBe(false);
  expect(processStart(pid)).toBeNull();
  expect(commandOf(pid)).toBeNull();
});
