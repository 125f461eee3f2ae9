import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { outliveReaders } from './outlive-readers.js';

class Unheard extends EventEmitter {
  readonly stdout = new Writable();
  said = '';
  readonly stderr = new Writable({ write: (text, _, done) => done(void (this.said += String(text))) });
  exits = 0;
  code: number | undefined;

  constructor() {
    super();
    outliveReaders(this);
  }

  exit(code?: number): void {
    this.exits++;
    this.code = code;
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
  unheard.stdout.emit('error', failure('ENOSPC'));
  expect(unheard).toMatchObject({ exits: 1, code: 1 });
  expect(unheard.said).toBe('orderctl: the output cannot be written: write ENOSPC\n');
});
