import { readFileSync } from 'node:fs';
import { fileVariable, type ConfigName } from './config-names.js';
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

/** Values of settings once they are read. */
export type ValuesOf<Settings> = Readonly<Values<Settings>>;

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
  const unknown = describeUnknown(environment);
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
