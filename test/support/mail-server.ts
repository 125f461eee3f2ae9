import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('smtp-process.mjs', import.meta.url));

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  /** The text, decoded. */
  readonly text: string;
}

/** A real SMTP server in a separate process. */
export interface MailServer {
  readonly url: string;
  /** The mails that it answered with 250, in that order. */
  readonly taken: readonly Mail[];
  /** The mails that it received completely and has not answered yet. */
  readonly held: readonly Mail[];
  /** Sets its answers to recipients from now on; other recipients are accepted. */
  answer(replies: Readonly<Record<string, { code: number; text: string }>>): Promise<void>;
  /** Holds back its answers to mails until `release`. */
  hold(): Promise<void>;
  release(taken: boolean): Promise<void>;
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

type Told =
  { kind: 'taken' | 'held'; mail: { to: string; source: string } } | { kind: 'done'; port?: number };

export async function startMailServer(): Promise<MailServer> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const taken: Mail[] = [];
  const held: Mail[] = [];
  let done: (told: { port?: number }) => void = () => {};
  child.on('message', (told: Told) => {
    if (told.kind === 'done') done(told);
    else (told.kind === 'taken' ? taken : held).push(mailOf(told.mail));
  });
  const order = (name: string, details: object = {}): Promise<{ port?: number }> =>
    new Promise((answered) => {
      done = answered;
      child.send({ order: name, ...details });
    });
  const { port } = await order('listen', { port: 0 });
  return {
    url: `smtp://127.0.0.1:${port}`,
    taken,
    held,
    answer: async (replies) => void (await order('reply', { replies })),
    hold: async () => void (await order('hold')),
    async release(whetherTaken) {
      held.length = 0;
      await order('release', { taken: whetherTaken });
    },
    away: async () => void (await order('away')),
    back: async () => void (await order('listen', { port })),
    async close() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

function mailOf({ to, source }: { to: string; source: string }): Mail {
  const border = source.indexOf('\r\n\r\n');
  const head = source.slice(0, border).replace(/\r\n[ \t]+/g, ' ');
  const header = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'im').exec(head)?.[1] ?? '';
  const body = source.slice(border + 4);
  const text = decoded(body, header('content-transfer-encoding'));
  return { to, subject: decodedWords(header('subject')), messageId: header('message-id'), text };
}

function decoded(body: string, encoding: string): string {
  switch (encoding) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable':
      return bytesOf(body.replace(/=\r\n/g, ''));
    default:
      return body;
  }
}

/** Decodes the encoded words of RFC 2047. */
function decodedWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : bytesOf(word.replaceAll('_', ' ')),
    );
}

function bytesOf(quoted: string): string {
  const bytes = quoted.replace(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
