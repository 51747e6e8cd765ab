// Copyright: Contributors to the aws_ivs.chat collection
// SPDX-License-Identifier: GPL-3.0-or-later

// One user of the official client: node client.mjs URL USER. Input and output are lines of JSON:
// input [number, method, ...arguments], output [name, value] for what the room tells its listeners, ["token"] when the
// client asks for a token, ["log" or "error", text, details] for its log, and ["resolved", number, value] or ["rejected", number, error].

import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { ChatRoom, DeleteMessageRequest, DisconnectUserRequest, SendMessageRequest } from "amazon-ivs-chat-messaging";

const [regionOrUrl, id] = process.argv.slice(-2);
const print = (...line) => process.stdout.write(JSON.stringify(line) + "\n");
const show = (value) => (value instanceof Error ? String(value) : inspect(value, { breakLength: Infinity }));
const log = (name) => (message, ...details) =>
  print(name, message.replace(`Room ${id} `, ""), details.map(show).join(" "));

const waiting = []; // Promises of tokens that the client has asked for.
const tokenProvider = () => {
  print("token");
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
};

const room = new ChatRoom({ regionOrUrl, tokenProvider, id });
room.logger = { debug: log("log"), info: log("log"), error: log("error") };
for (const name of ["connecting", "connect", "disconnect", "message", "event", "messageDelete", "userDisconnect"])
  room.addListener(name, (...value) => print(name, ...value));

const methods = {
  connect: () => room.connect(),
  disconnect: () => room.disconnect(),
  sendMessage: (...values) => room.sendMessage(new SendMessageRequest(...values)),
  deleteMessage: (...values) => room.deleteMessage(new DeleteMessageRequest(...values)),
  disconnectUser: (...values) => room.disconnectUser(new DisconnectUserRequest(...values)),
  provideToken: (token) => waiting.shift().resolve(token),
  refuseToken: (message) => waiting.shift().reject(new Error(message)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [number, method, ...values] = JSON.parse(line);
  Promise.resolve()
    .then(() => methods[method](...values))
    .then(
      (value) => print("resolved", number, value ?? null),
      (error) => print("rejected", number, error instanceof Error ? error.message : error),
    );
}
process.exit();
