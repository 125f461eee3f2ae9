import { createTransport } from 'nodemailer';
import { isEmailAddress } from './channels.js';
import { NotSent } from './not-sent.js';
import type { Text } from './texts.js';

export interface Mail extends Text {
  readonly to: string;
  readonly messageId: string;
}

const CONNECT_LIMIT_MS = 10_000;
const GREETING_LIMIT_MS = 30_000;
/**
 * A server may take its time to answer a message that it has received. A client that gives up before the answer
 * will send a second copy (RFC 1047). RFC 5321, section 4.5.3.2.6 asks for ten minutes.
 */
const ANSWER_LIMIT_MS = 600_000;
/**
 * For a whole dialogue: more than its steps, about ten, may take together. It is for a server that never comes to its
 * end, but always says something in time.
 */
const DIALOGUE_LIMIT_MS = 12 * ANSWER_LIMIT_MS;

/**
 * Sends by SMTP, with a connection for each message: a reused one could be closed while a message is being sent.
 */
export class Mailer {
  readonly #transport;
  readonly #from: string;
  readonly #dialogueLimitMs: number;

  constructor(smtpUrl: string, from: string, dialogueLimitMs = DIALOGUE_LIMIT_MS) {
    this.#transport = createTransport({
      url: smtpUrl,
      connectionTimeout: CONNECT_LIMIT_MS,
      greetingTimeout: GREETING_LIMIT_MS,
      socketTimeout: ANSWER_LIMIT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    this.#from = from;
    this.#dialogueLimitMs = dialogueLimitMs;
  }

  /**
   * Returns once the server has taken the message (250).
   *
   * @throws NotSent when the server has not taken the message, or no answer came
   */
  async send({ to, subject, body, messageId }: Mail): Promise<void> {
    if (!isEmailAddress(to)) throw new NotSent('refused', 'the address is not an e-mail address');
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), this.#dialogueLimitMs);
    try {
      await this.#transport.sendMail({
        from: this.#from,
        to,
        envelope: { from: this.#from, to: [to] },
        subject,
        text: body,
        messageId,
        headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834: automatic responders do not answer
        signal: ending.signal,
      });
    } catch (error) {
      throw ending.signal.aborted ? new NotSent('away', 'smtp: ETIMEDOUT', error) : notSent(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

interface SmtpError {
  readonly code?: string;
  /** The SMTP command that failed. */
  readonly command?: string;
  readonly responseCode?: number;
}

/** 421: the server is about to close, whatever the message (RFC 5321, section 3.8). */
const CLOSING = 421;

/** The server's own words are left out: many repeat the address. */
function notSent(error: unknown): NotSent {
  const { code = 'unknown', command = '', responseCode } = error as SmtpError;
  const reason = ['smtp:', responseCode ?? code, command].join(' ').trim();
  // A refused sender or login concerns every message. A recipient or a text that is refused concerns this one.
  const concernsMessage = (code === 'EENVELOPE' && command !== 'MAIL FROM') || code === 'EMESSAGE';
  if (!concernsMessage || responseCode === CLOSING) return new NotSent('away', reason, error);
  const mayWorkLater = responseCode !== undefined && responseCode < 500;
  return new NotSent(mayWorkLater ? 'failed' : 'refused', reason, error);
}
