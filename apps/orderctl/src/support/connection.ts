import { existsSync } from 'node:fs';
import { envEventStoreUrl } from '#event-store/event-store-url.js';
import { openEmbeddedIssuer, type TokenRequest } from '#platform/auth/embedded-issuer.js';
import { scopes, type Scope } from '#platform/auth/principal.js';
import { ConfigError, givenText, readConfig, type Setting } from '#platform/config.js';
import { envCredential, envHttpUrl, envOptional, envPostgresUrl } from '#platform/env-settings.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import {
  elasticsearchOf,
  elasticsearchSettings,
  envElasticsearchUrl,
  type ElasticsearchConfig,
} from '#platform/search-settings.js';
import type { Command } from 'commander';
import { DataFolder, type SystemAddresses } from '../system/data-folder.js';
import { CliError, UsageError } from './cli-error.js';

/** The options by which every command finds its system. Each address has an environment variable too. */
export interface ConnectionOptions {
  readonly data?: string;
  readonly commandUrl?: string;
  readonly queryUrl?: string;
  readonly eventStoreUrl?: string;
  readonly postgresUrl?: string;
  readonly elasticsearchUrl?: string;
  readonly token?: string;
  readonly tenant?: string;
}

export type Address = 'commandUrl' | 'queryUrl' | 'eventStoreUrl' | 'postgresUrl' | 'elasticsearchUrl';

export const addresses: Readonly<
  Record<Address, { flag: string; setting: Setting<string>; protocols: readonly string[] }>
> = {
  commandUrl: {
    flag: '--command-url',
    setting: envHttpUrl('ORDERLOG_COMMAND_URL'),
    protocols: ['http:', 'https:'],
  },
  queryUrl: {
    flag: '--query-url',
    setting: envHttpUrl('ORDERLOG_QUERY_URL'),
    protocols: ['http:', 'https:'],
  },
  eventStoreUrl: {
    flag: '--event-store-url',
    setting: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
    protocols: ['esdb:', 'esdb+discover:'],
  },
  postgresUrl: {
    flag: '--postgres-url',
    setting: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
    protocols: ['postgres:', 'postgresql:'],
  },
  elasticsearchUrl: {
    flag: '--elasticsearch-url',
    setting: envElasticsearchUrl('ORDERLOG_ELASTICSEARCH_URL'),
    protocols: ['http:', 'https:'],
  },
};

const TOKEN_LIFETIME_SECONDS = 24 * 3_600;
const DEFAULT_TENANT = 'default';

/** Adds the options for the addresses that a command needs. */
export function withConnection(command: Command, needs: readonly Address[], { token = true } = {}): Command {
  command.option('--data <dir>', 'data folder of the embedded system (ORDERLOG_DATA; default: .orderlog)');
  for (const need of needs) {
    const { flag, setting } = addresses[need];
    command.option(`${flag} <url>`, `address to use instead of the embedded system's (${setting.variable})`);
  }
  if (!token) return command;
  return command
    .option(
      '--token <token>',
      'bearer token (ORDERLOG_TOKEN; default: one made with the key in the data folder)',
    )
    .option(
      '--tenant <tenant>',
      `tenant for the token, where orderctl makes it (default: "${DEFAULT_TENANT}")`,
    );
}

const tokenSettings = { token: envOptional(envCredential('ORDERLOG_TOKEN')) };

/**
 * Where the system is and who asks. An address comes from its own option, else from the system on the data folder.
 * Unless `--data` names that folder, the environment comes before it: who names a folder means what runs there.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly folder: DataFolder;
  #system: Promise<SystemAddresses | null> | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.folder = dataFolder(options);
  }

  /** @throws CliError when nothing runs on the data folder and no address is given. */
  async address(which: Exclude<Address, 'elasticsearchUrl'>): Promise<string> {
    const { flag, setting } = addresses[which];
    const known = await this.#find(which);
    if (known !== undefined) return known;
    const { data } = this.#options;
    throw new CliError(
      `nothing runs on ${this.folder.path}: ` +
        (data === undefined
          ? `start it with \`npx orderctl up\`, or give --data or ${flag}`
          : `start it with \`npx orderctl up --data ${data}\`, or give ${flag}; with --data, ${setting.variable} is not used`),
    );
  }

  /**
   * How to reach Elasticsearch; null: none is named, and the system on the data folder uses none, does not run, or has
   * its read models in another PostgreSQL than the command: what it searches in is an index of other rows.
   */
  async elasticsearch(): Promise<ElasticsearchConfig | null> {
    const settings = readConfig(elasticsearchSettings);
    const url = this.#given('elasticsearchUrl');
    if (url !== undefined) return elasticsearchOf({ ...settings, elasticsearchUrl: url });
    const system = await this.#running();
    return system !== null && system.postgresUrl === (await this.#find('postgresUrl'))
      ? system.elasticsearch
      : null;
  }

  /** The Kafka of the system that runs on the data folder; null: none. */
  async relayedTo(): Promise<KafkaConfig | null> {
    return (await this.#running())?.kafka ?? null;
  }

  async #find(which: Exclude<Address, 'elasticsearchUrl'>): Promise<string | undefined> {
    return this.#given(which) ?? (await this.#running())?.[which];
  }

  #given(which: Address): string | undefined {
    const { data, [which]: option } = this.#options;
    return option === undefined && data !== undefined ? undefined : givenUrl(which, option);
  }

  #running(): Promise<SystemAddresses | null> {
    this.#system ??= this.folder.readAddresses();
    return this.#system;
  }

  get tenant(): string {
    const tenant = this.#options.tenant ?? DEFAULT_TENANT;
    if (!/^[a-z0-9_]{1,32}$/.test(tenant)) {
      throw new UsageError(
        `--tenant ${tenant} is not the name of a tenant: give 1 to 32 characters of a-z, 0-9 and _`,
      );
    }
    return tenant;
  }

  /**
   * The given token, or a new one made with the embedded system's key.
   *
   * @throws UsageError when a tenant is named, too, but the token is not made here: it has its tenant
   */
  async token(wanted: readonly Scope[] = scopes): Promise<string> {
    const { token, tenant, data, commandUrl, queryUrl } = this.#options;
    const asksTheFolder = data !== undefined && commandUrl === undefined && queryUrl === undefined;
    const isOurs = asksTheFolder && (await this.#running()) !== null; // a token for others is refused there
    const given = token ?? (isOurs ? null : readConfig(tokenSettings).token);
    if (given !== null) {
      if (tenant === undefined) return given;
      const source = token === undefined ? 'ORDERLOG_TOKEN' : '--token';
      throw new UsageError(
        `--tenant ${tenant} has no effect, because the token of ${source} names the tenant: leave one of them out`,
      );
    }
    const request = { tenant: this.tenant, scopes: wanted, lifetimeSeconds: TOKEN_LIFETIME_SECONDS };
    return issueToken(this.folder, request, { elsewise: '--data or --token' });
  }
}

/**
 * @param elsewise the options by which the command finds a token elsewhere
 * @throws CliError when the folder holds no key: no running API would accept tokens of a new key.
 */
export async function issueToken(
  folder: DataFolder,
  request: TokenRequest,
  { elsewise = '--data' } = {},
): Promise<string> {
  if (!existsSync(folder.keys)) {
    throw new CliError(
      `${folder.path} holds no key: start the system once with \`npx orderctl up\`, or give ${elsewise}`,
    );
  }
  const issuer = await openEmbeddedIssuer(folder.keys);
  return issuer.issueToken(request);
}

export function dataFolder(options: { readonly data?: string }): DataFolder {
  return new DataFolder(options.data ?? givenText('ORDERLOG_DATA'));
}

/**
 * The address from the option, else from the variable; undefined when neither names one.
 *
 * @param flag the option's name, where a command's differs from the usual one
 * @throws UsageError, ConfigError naming the wrong one
 */
export function givenUrl(
  which: Address,
  option: string | undefined,
  flag = addresses[which].flag,
): string | undefined {
  const { setting, protocols } = addresses[which];
  if (option !== undefined) return checkUrl(option, flag, protocols, setting);
  return readConfig({ url: envOptional(setting) }).url?.replace(/\/$/, '');
}

/** @param flag the option that gave the text @throws UsageError naming it */
function checkUrl(
  text: string,
  flag: string,
  protocols: readonly string[],
  setting: Setting<string>,
): string {
  if (!protocols.some((protocol) => text.startsWith(`${protocol}//`))) {
    throw new UsageError(
      `${flag} needs a URL of the kind ${protocols.map((one) => `${one}//…`).join(' or ')}`,
    );
  }
  try {
    return setting.read(text).replace(/\/$/, '');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(error.message.replace(setting.variable, flag));
  }
}
