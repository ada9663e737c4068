// The Protocol Buffers of the control stream, of document streams and of datagrams, as bytes.
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ClientMessageSchema,
  DatagramSchema,
  DocumentMessageSchema,
  ServerMessageSchema,
  type Datagram,
  type DocumentMessage,
  type ServerMessage,
} from "./gen/chalkline/v1/chalkline_pb.ts";
import { frame } from "./framing.ts";

type Init = MessageInitShape<typeof ClientMessageSchema>["message"];

/** One message to the server: its case and value, fields left out are zero. */
export type Request = Exclude<Init, undefined | { case: undefined }>;

/** A control message as it goes on the stream, length included. */
export function encodeRequest(message: Request): Uint8Array<ArrayBuffer> {
  return frame(toBinary(ClientMessageSchema, create(ClientMessageSchema, { message })));
}

/** A control message from the server. Throws where the bytes are no message. */
export function decodeReply(bytes: Uint8Array): ServerMessage["message"] {
  return fromBinary(ServerMessageSchema, bytes).message;
}

/** A message of a document's stream. Throws where the bytes are no message. */
export function decodeDocument(bytes: Uint8Array): DocumentMessage["message"] {
  return fromBinary(DocumentMessageSchema, bytes).message;
}

export function encodeDatagram(message: Exclude<MessageInitShape<typeof DatagramSchema>["message"], undefined>): Uint8Array<ArrayBuffer> {
  return toBinary(DatagramSchema, create(DatagramSchema, { message }));
}

/** A datagram from the server. Throws where the bytes are no message. */
export function decodeDatagram(bytes: Uint8Array): Datagram["message"] {
  return fromBinary(DatagramSchema, bytes).message;
}
