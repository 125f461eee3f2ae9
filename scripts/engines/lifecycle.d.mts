type Ports = Readonly<Record<string, number>>;

interface Preparing {
  readonly home: string;
  readonly folder: string;
  readonly ports: Ports;
}

/** Of an engine, what a caller may want otherwise. */
interface Engine<More = object> {
  readonly name: string;
  readonly ports: readonly string[];
  readonly alwaysProcess?: boolean;
  prepare(preparing: Preparing & More): object;
}

export const engines: {
  readonly kafka: Engine<{ readonly more?: string; readonly users?: readonly string[] }>;
};
export function folderOf(engine: Engine, given: string): string;
export function up(engine: Engine, folder: string): Promise<{ ports: Ports; started: boolean }>;
export function down(engine: Engine, folder: string): Promise<boolean>;
