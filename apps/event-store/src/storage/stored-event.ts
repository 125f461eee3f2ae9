/** An event as the server passes it around: what it filters and orders by, and the frame that readers get. */
export interface StoredEvent {
  position: number;
  stream: string;
  revision: number;
  type: string;
  createdMs: number;
  /** The `ReadResp` with its gRPC prefix. */
  frame: Buffer;
}

/** One that is being written, whose id matters: an append may come twice. */
export interface NewEvent extends StoredEvent {
  id: string;
}
