/** Makes the text of an OpenAPI document. */
export type MakeDocument = () => Promise<string>;

export function clientTypes(makeDocument: MakeDocument): Promise<string>;
export function clientOperations(documents: Readonly<Record<string, MakeDocument>>): Promise<string>;
