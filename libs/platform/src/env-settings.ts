import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import pg from 'pg';
import { ConfigError, unreadable, type Setting } from './config.js';
import { configNames, fileVariable, type ConfigName } from './config-names.js';

/** How environment variables of each kind are read. A value that is wrong is a `ConfigError`. */

/** Text as it is; required unless a default is given. */
export function envText(variable: ConfigName, otherwise?: string): Setting<string> {
  return setting(variable, otherwise, (text) => text);
}

/** Text, or null when the variable is not set. */
export function envOptionalText(variable: ConfigName): Setting<string | null> {
  return setting(variable, null, (text) => text);
}

/** An address or a name to listen on. */
export function envHost(variable: ConfigName, otherwise?: string): Setting<string> {
  return setting(variable, otherwise, (text) => {
    if (isIP(text) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)) return text;
    throw wrong(variable, text, 'give an address, such as 127.0.0.1 or ::, or the name of this machine');
  });
}

/** A file that can be read. */
export function envFile(variable: ConfigName): Setting<string> {
  return setting<string, never>(variable, undefined, (text) => {
    try {
      accessSync(text, constants.R_OK);
    } catch (error) {
      throw unreadable(variable, error);
    }
    return text;
  });
}

/** A credential that is sent in a header: an API key, a token. */
export function envCredential(variable: ConfigName): Setting<string> {
  return setting<string, never>(variable, undefined, (text) => {
    if (/^[\x21-\x7e]+$/.test(text)) return text;
    throw new ConfigError(
      `${variable} holds a character that no header may hold: give the value as it was issued, on one line`,
    );
  });
}

/** A TCP port; 0 means any free one. */
export function envPort(variable: ConfigName, otherwise?: number): Setting<number> {
  return setting(variable, otherwise, (text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (!(port <= 65_535)) throw wrong(variable, text, 'give a port from 0 to 65535');
    return port;
  });
}

/** A whole number between two bounds, both included. */
export function envInteger(
  variable: ConfigName,
  { min, max, otherwise }: { min: number; max: number; otherwise?: number },
): Setting<number> {
  return setting(variable, otherwise, (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max))
      throw wrong(variable, text, `give a whole number from ${min} to ${max}`);
    return value;
  });
}

export function envFlag(variable: ConfigName, otherwise: boolean): Setting<boolean> {
  return setting(variable, otherwise, (text) => {
    if (text !== 'true' && text !== 'false') throw wrong(variable, text, 'give true or false');
    return text === 'true';
  });
}

export function envOneOf<const T extends string>(
  variable: ConfigName,
  values: readonly T[],
  otherwise?: T,
): Setting<T> {
  return setting(variable, otherwise, (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw wrong(variable, text, `give one of ${values.join(', ')}`);
    return value;
  });
}

/** An absolute URL with one of the given protocols (`['https:', 'http:']`), as written. */
export function envUrl(
  variable: ConfigName,
  protocols?: readonly string[],
  otherwise?: string,
): Setting<string> {
  return setting(variable, otherwise, (text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || (protocols && !protocols.includes(url.protocol))) {
      // The value is not repeated: URLs hold passwords.
      throw new ConfigError(`${variable} is not a URL of the right kind: give ${kinds(protocols)}`);
    }
    if (!isDecodable(url.username) || !isDecodable(url.password)) {
      throw new ConfigError(
        `${variable} holds a user or a password with a % that begins no escape: write it as %25`,
      );
    }
    if (url.username + url.password !== '' && fileVariable(variable) === null) {
      throw new ConfigError(`${variable} holds a user or a password, but is shown to others: leave them out`);
    }
    return text;
  });
}

/** The given setting, or null when its variable is not set. */
export function envOptional<T>({ variable, read }: Setting<T>): Setting<T | null> {
  return { variable, read: (text) => (text === undefined ? null : read(text)) };
}

const MAX_DRAIN_DELAY_MS = 120_000;
export const envDrainDelayMs = envInteger('ORDERLOG_DRAIN_DELAY_MS', {
  min: 0,
  max: MAX_DRAIN_DELAY_MS,
  otherwise: 0,
});
/** A connection string of PostgreSQL, as its client understands it; files that it names can be read. */
export const envPostgresUrl = (variable: ConfigName): Setting<string> => {
  const url = envUrl(variable, ['postgres:', 'postgresql:']);
  return setting<string, never>(variable, undefined, (text) => {
    url.read(text);
    try {
      new pg.Client({ connectionString: text }); // does not connect
    } catch (error) {
      // The message is not shown: it may hold the URL.
      const { code } = error as NodeJS.ErrnoException;
      throw new ConfigError(
        `${variable} is not understood (${code ?? 'malformed'}): check what follows its ?`,
      );
    }
    return text;
  });
};

/** The URL that the paths of an API follow. */
export const envHttpUrl = (variable: ConfigName, otherwise?: string): Setting<string> => {
  const url = envUrl(variable, ['https:', 'http:']);
  return setting(variable, otherwise, (text) => {
    url.read(text);
    // The text is not shown: it may hold a login.
    if (/[?#]/.test(text))
      throw new ConfigError(`${variable} has a ? or #: paths follow this URL, so give it without them`);
    // It is used as it is written, also in the header Location. A login is not: it may be in any letters.
    if (/[^\x21-\x7e]/.test(text.replace(/^(https?:\/\/)[^/]*@/i, '$1')))
      throw new ConfigError(
        `${variable} has a blank, a line end or a letter that is not ASCII: give it without them (a name as xn--…)`,
      );
    return text;
  });
};

function setting<T, D extends T | null>(
  variable: ConfigName,
  otherwise: D | undefined,
  parse: (text: string) => T,
): Setting<T | D> {
  return {
    variable,
    read: (text) => {
      if (text !== undefined) return parse(text);
      if (otherwise !== undefined) return otherwise;
      throw new ConfigError(`${variable} is not set: ${configNames[variable].meaning}`);
    },
  };
}

function wrong(variable: ConfigName, text: string, remedy: string): ConfigError {
  return new ConfigError(`${variable} is ${JSON.stringify(text.slice(0, 100))}: ${remedy}`);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function kinds(protocols: readonly string[] | undefined): string {
  return protocols === undefined ? 'an absolute URL' : protocols.map((p) => `${p}//…`).join(' or ');
}
