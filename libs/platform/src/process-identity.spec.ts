import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { expect, it } from '@jest/globals';
import { commandOf, isAlive, isStillAlive, processStart } from './process-identity.js';

it('a process is known by its start and its command while it lives, and not afterwards', async () => {
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()', 'a word', '-D', '/data']);
  const [pid, ended] = [child.pid!, new Promise((done) => child.once('exit', done))];
  expect(isAlive(pid)).toBe(true);
  const start = processStart(pid);
  expect(processStart(pid)).toBe(start);
  const seen = [start, null, undefined, 'long ago'].map((then) => isStillAlive(pid, then));
  expect(seen).toEqual([true, true, true, false]);
  expect(commandOf(pid)).toEqual({
    program: basename(process.execPath),
    line: `${process.execPath} --eval process.stdin.resume() a word -D /data`,
  });
  child.stdin.end();
  await ended;
  expect(isAlive(pid)).toBe(false);
  expect(processStart(pid)).toBeNull();
  expect(isStillAlive(pid, start)).toBe(false);
  expect(commandOf(pid)).toBeNull();
});
