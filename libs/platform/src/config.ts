import { accessSync, constants, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import pg from 'pg';
import { configNames, fileVariable, type ConfigName } from './config-names.js';
import { describeUnknown } from './unknown-variables.js';

/** A setting that is missing, wrong or unknown. The message is one line: which, why, what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** How one environment variable is read. */
export interface Setting<T> {
  readonly variable: ConfigName;
  readonly read: (text: string | undefined) => T;
}

type Values<Settings> = {
  -readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer T> ? T : never;
};

/**
 * Reads every setting of an app at its start, so that a wrong one stops it there and not at first use.
 *
 * @throws ConfigError when a setting is missing or wrong, or when an ORDERLOG_ variable is unknown.
 */
export function readConfig<const Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings,
  environment: Environment = process.env,
): Values<Settings> {
  // Otherwise a misspelt name would silently mean the default.
  const unknown = describeUnknown(Object.keys(environment));
  if (unknown !== null) throw new ConfigError(unknown);
  const entries = Object.entries(settings).map(([key, setting]) => {
    return [key, setting.read(givenText(setting.variable, environment))];
  });
  return Object.fromEntries(entries) as Values<Settings>;
}

/**
 * The value of the variable or, for a secret, of the file that its `_FILE` variable names; undefined when neither
 * is set.
 *
 * @throws ConfigError when both are set, or the file cannot be read or is not one line
 */
export function givenText(variable: ConfigName, environment: Environment = process.env): string | undefined {
  const text = environment[variable] || undefined;
  const inFile = fileVariable(variable);
  const path = inFile === null ? undefined : environment[inFile] || undefined;
  if (inFile === null || path === undefined) return text;
  if (text !== undefined) {
    throw new ConfigError(`${variable} and ${inFile} are both set: unset one of them`);
  }
  return readSecret(inFile, path);
}

/**
 * `environment` with settings that override its own, including secrets that it names in a file; '' means not set.
 */
export function overridden(
  environment: Environment,
  given: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const files = Object.keys(given).flatMap((name) => fileVariable(name) ?? []);
  return { ...environment, ...Object.fromEntries(files.map((name) => [name, ''])), ...given };
}

const SECRET_MAX_BYTES = 64 * 1024;

function readSecret(inFile: string, path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(inFile, error);
  }
  if (bytes.length > SECRET_MAX_BYTES) {
    throw new ConfigError(
      `${inFile} names a file of more than ${SECRET_MAX_BYTES} bytes: name the file with the secret`,
    );
  }
  // Editors and `echo` end a file with a newline that is no part of the secret.
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw new ConfigError(`${inFile} names an empty file: write the secret into it`);
  if (/[\r\n]/.test(text))
    throw new ConfigError(`${inFile} names a file with more than one line: write only the secret into it`);
  return text;
}

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
    if (!/[?#]/.test(url.read(text))) return text;
    // The text is not shown: it may hold a login.
    throw new ConfigError(`${variable} has a ? or #: paths follow this URL, so give it without them`);
  });
};

/** Values of settings once they are read. */
export type ValuesOf<Settings> = Readonly<Values<Settings>>;

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

/**
 * The error for a file that a setting names. It does not show the path: that may be a secret in the wrong
 * variable.
 */
export function unreadable(variable: string, error: unknown): ConfigError {
  const { code } = error as NodeJS.ErrnoException;
  return new ConfigError(
    `${variable} names a file that cannot be read (${code ?? 'no code'}): name one that this app may read`,
  );
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
