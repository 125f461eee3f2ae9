import { importFile, type ImportFigures } from '../imported-file.js';
import { NO_FIGURES, runLane, type Row } from '../measure.js';
import type { System } from '../system.js';

/** Place, confirm, capture, create a shipment, dispatch, deliver, complete. */
const COMMANDS_PER_ORDER = 7;
/** Return requested, approved, received; refund requested, succeeded; return closed. */
const COMMANDS_PER_RETURN = 6;
const TARGET_PER_SECOND = 1_500;

/** Commands a second of a whole import, the reading and planning of the file included. */
export async function importOrders(system: System, file: string | null): Promise<Row> {
  let figures!: ImportFigures;
  const lane = await runLane(1, 1, async () => (figures = await importFile(system, file)));
  const commands = figures.ordersPlaced * COMMANDS_PER_ORDER + figures.returnsClosed * COMMANDS_PER_RETURN;
  return {
    ...NO_FIGURES,
    name: 'import',
    target: TARGET_PER_SECOND,
    perSecond: commands / figures.seconds,
    cpuMicrosPerOp: lane.cpuMicrosPerOp === null ? null : lane.cpuMicrosPerOp / commands,
  };
}
