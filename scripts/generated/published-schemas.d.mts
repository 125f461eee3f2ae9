import type { JsonSchema } from '#integration-events/fields.js';

export type PublishedSchemas = Readonly<Record<string, JsonSchema>>;

export function publishedSchemas(): Promise<string>;
export function currentSchemas(): Record<string, JsonSchema>;
export function withPublished(recorded: PublishedSchemas, current: PublishedSchemas): PublishedSchemas;
