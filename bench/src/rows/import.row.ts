import { importFile, type ImportFigures } from '../imported-file.js';
import { NO_FIGURES, runLane, type Row } from '../measure.js';
import type { System } from '../system.js';

const TARGET_PER_SECOND = 1_500;

/** Answered commands a second of a whole import, including the time for reading and planning the file. */
export async function importOrders(system: System, file: string | null): Promise<Row> {
  let figures!: ImportFigures;
  const lane = await runLane(1, 1, async () => (figures = await importFile(system, file)));
  const { commands } = figures;
  return {
    ...NO_FIGURES,
    name: 'import',
    target: TARGET_PER_SECOND,
    perSecond: commands / figures.seconds,
    cpuMicrosPerOp: lane.cpuMicrosPerOp === null ? null : lane.cpuMicrosPerOp / commands,
  };
}
