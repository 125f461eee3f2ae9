import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { outliveReaders } from './outlive-readers.js';

class Unheard extends EventEmitter {
  readonly stdout = new Writable();
  readonly stderr = new Writable();
  exits = 0;

  constructor() {
    super();
    outliveReaders(this);
  }

  exit(): void {
    this.exits++;
  }
}

const failure = (code: string) => Object.assign(new Error(`write ${code}`), { code });

it.each(['EPIPE', 'EIO'])('ends where nobody reads what it prints any more (%s)', (code) => {
  const unheard = new Unheard();
  unheard.stdout.emit('error', failure(code));
  expect(unheard.exits).toBe(1);
});

it.each(['EPIPE', 'EIO', 'ENOSPC'])('leaves the end to whoever listens for Ctrl-C (%s)', (code) => {
  const unheard = new Unheard();
  unheard.on('SIGINT', () => {});
  unheard.stdout.emit('error', failure(code));
  expect(unheard.exits).toBe(0);
});

it.each(['EPIPE', 'EIO'])('goes on where nobody reads how far it is (%s)', (code) => {
  const unheard = new Unheard();
  unheard.stderr.emit('error', failure(code));
  expect(unheard.exits).toBe(0);
});

it('does not take a full disk for a reader who has gone', () => {
  const unheard = new Unheard();
  expect(() => unheard.stdout.emit('error', failure('ENOSPC'))).toThrow('ENOSPC');
});
