import { minorUnitDigits } from '#domain/currencies.js';

export function printJson(content: unknown, { pretty = true } = {}): void {
  console.log(JSON.stringify(content, null, pretty ? 2 : 0));
}

/** `1,234.50 GBP` */
export function money(minor: number, currency: string): string {
  const digits = minorUnitDigits(currency) ?? 2;
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = BigInt(text.slice(0, text.length - digits)).toLocaleString('en-GB');
  const fraction = digits === 0 ? '' : `.${text.slice(-digits)}`;
  return `${minor < 0 ? '-' : ''}${whole}${fraction} ${currency}`;
}

/** A connection string without user and password. They end at the first `@`, as its client reads them. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([^:]*:\/\/)[^@]*@/, '$1');
}

/**
 * Text that somebody else wrote, for a line in a terminal: with escapes (`\n`, `\u001b`) in place of its control
 * characters, line breaks and changes of direction, which could forge lines, hide some or give orders to the terminal.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    const json = JSON.stringify(character).slice(1, -1); // it escapes only some of them
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
  });
}

/** Prints a line on stdout that holds what somebody else wrote. */
export function printLine(line: string): void {
  console.log(printable(line));
}

/** The same on stderr. */
export function tellLine(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Pads columns to their widest cell, and makes each cell printable. The caller aligns numbers. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
