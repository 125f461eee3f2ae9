/** One step of a JSON pointer: into the member of that name, or the item of that index (RFC 6901). */
export function pointerTo(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
