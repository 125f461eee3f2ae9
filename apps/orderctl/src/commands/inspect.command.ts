import type { Command } from 'commander';
export function addInspectCommand(program: Command): void {
  program.command('inspect <order>');
}
