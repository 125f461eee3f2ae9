/** An event inside the server: the fields to filter and order by, and the frame that readers get. */
export interface StoredEvent {
  position: number;
  stream: string;
  revision: number;
  type: string;
  createdMs: number;
  /** The `ReadResp` with its gRPC prefix. */
  frame: Buffer;
}

/** An event that is being written. Its id is kept because the same append may arrive twice. */
export interface NewEvent extends StoredEvent {
  id: string;
}
