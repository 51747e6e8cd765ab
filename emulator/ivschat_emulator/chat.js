// Copyright: Contributors to the aws_ivs.chat collection
// SPDX-License-Identifier: GPL-3.0-or-later

// The page at /chat. It calls the emulator as an application calls AWS, so settings and faults apply to it too.

const $ = (id) => document.getElementById(id);
const chats = new Map(); // {arn, log, list, entries, users} by the ARN of the room. They stay when another is chosen.
let room = null; // The response of GetRoom.
let configurations = []; // Those of GetLoggingConfiguration.
const own = new Set(); // The IDs of the connections of this page, as the control interface shows them.
let requests = 0;
let choices = 0; // The last choice of a region or a room counts, in whatever order the responses come.

// Strings become text, never HTML: names and messages are not to be trusted.
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const button = (text, ariaLabel, action) =>
  element("button", { type: "button", ariaLabel, onclick: () => attempt(action) }, text);

const options = (id, values) => {
  const { value } = $(id);
  $(id).replaceChildren(...values.map(([text, of]) => element("option", { value: of, selected: of === value }, text)));
};

const pairs = (map) => Object.entries(map || {}).map(([name, value]) => `${name}=${value}`).join(", ");

function attributes(id) {
  const given = $(id).value.split(",").filter((pair) => pair.trim());
  const split = given.map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  if (split.some(([name, value]) => !name || value === undefined)) {
    throw new Error(`Attributes: ${$(id).value} must be name=value pairs, separated by commas.`);
  }
  return split.length ? Object.fromEntries(split) : undefined;
}

async function attempt(action) {
  $("error").textContent = "";
  try {
    await action();
  } catch (error) {
    $("error").textContent = error.message;
  }
}

// Calls of the emulator

async function request(path, given) {
  const response = await fetch(path, given).catch(() => {
    throw new Error("The emulator did not respond. It has ended, or a fault has ended the connection.");
  });
  if (response.ok) return response;
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : {};
  const xml = (name) => text.match(`<${name}>(.*?)</${name}>`)?.[1];
  const code = response.headers.get("x-amzn-errortype") || json.__type?.split("#").pop() || xml("Code");
  const message = json.message || json.Message || xml("Message") || "";
  throw Object.assign(new Error(`${code || `HTTP status ${response.status}`}: ${message}`), { code });
}

function call(service, method, path, body, headers) {
  // The emulator reads the region from the signature, and does not check it unless it enforces IAM.
  const scope = `AKIAEMULATOR00000000/20220101/${$("region").value}/${service}/aws4_request`;
  const Authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  return request(path, { method, body, headers: { Authorization, ...headers } });
}

const parsed = async (response) => JSON.parse((await response.text()) || "{}");

const ivschat = async (operation, parameters) =>
  parsed(await call("ivschat", "POST", `/${operation}`, JSON.stringify(parameters)));

const target = async (service, operation, parameters) =>
  parsed(
    await call(service, "POST", "/", JSON.stringify(parameters), {
      "X-Amz-Target": operation,
      "Content-Type": "application/x-amz-json-1.1",
    }),
  );

// Rooms

async function load(wanted) {
  const region = $("region").value;
  const choice = ++choices;
  const rooms = [];
  let nextToken, last;
  do {
    last = nextToken;
    const page = await ivschat("ListRooms", { nextToken });
    rooms.push(...page.rooms);
    nextToken = page.nextToken;
  } while (nextToken && nextToken !== last);
  if (choice !== choices) return;
  const chosen = (rooms.find(({ arn }) => arn === wanted) || rooms[0])?.arn;
  const radios = rooms.map(({ arn, name }) => {
    const radio = element("input", { type: "radio", name: "room", value: arn, checked: arn === chosen });
    return element("label", { className: "choice" }, radio, name || arn.split("/")[1]);
  });
  $("rooms").replaceChildren(...radios);
  $("no-rooms").hidden = rooms.length > 0;
  $("empty-region").textContent = region;
  $("command").textContent =
    `export AWS_ENDPOINT_URL=${location.origin} AWS_REGION=${region}\n` +
    "export AWS_ACCESS_KEY_ID=AKIAEMULATOR00000000 AWS_SECRET_ACCESS_KEY=no-secret\n" +
    "aws ivschat create-room --name lobby";
  await choose(chosen);
}

async function choose(arn) {
  const region = $("region").value;
  const choice = ++choices;
  history.replaceState(null, "", `#${new URLSearchParams({ region, ...(arn && { room: arn }) })}`);
  const found = arn ? await ivschat("GetRoom", { identifier: arn }) : null;
  const read = (identifier) =>
    ivschat("GetLoggingConfiguration", { identifier }).catch((error) => ({ arn: identifier, state: error.message }));
  const logging = await Promise.all((found?.loggingConfigurationIdentifiers || []).map(read));
  if (choice !== choices) return;
  [room, configurations] = [found, logging];
  for (const section of document.querySelectorAll(".with-room")) section.hidden = !room;
  for (const id of ["details", "destinations", "token", "flushed"]) $(id).replaceChildren();
  for (const { log } of chats.values()) log.hidden = true;
  if (!room) return;
  chatOf(arn).log.hidden = false;
  showRoom();
  await showUsers();
}

function destination({ destinationConfiguration }) {
  const [[kind, named]] = Object.entries(destinationConfiguration || { unknown: {} });
  const title = { s3: "S3 bucket", cloudWatchLogs: "Log group", firehose: "Firehose stream" }[kind] || "";
  const [name = ""] = Object.values(named);
  return { kind, name, title: `${title} ${name}` };
}

function showRoom() {
  const { uri, fallbackResult } = room.messageReviewHandler || {};
  const logging = configurations.map((configuration) => {
    const { name, arn, state } = configuration;
    const shown = element("span", { className: `state ${state.split("_").pop()}` }, state);
    const { title } = destination(configuration);
    return element("dd", {}, element("b", {}, name || arn), " ", shown, element("br"), title);
  });
  const details = Object.entries({
    ARN: [element("code", {}, room.arn)],
    Limits: [`Message length ${room.maximumMessageLength}, messages per second ${room.maximumMessageRatePerSecond}`],
    "Message review handler": uri ? [element("code", {}, uri), ` (fallback result ${fallbackResult})`] : ["None"],
    Tags: [pairs(room.tags) || "None"],
  }).flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, ...value)]);
  const list = logging.length ? logging : [element("dd", {}, "None")];
  $("details").replaceChildren(...details, element("dt", {}, "Logging configurations"), ...list);
}

async function createDemonstration() {
  const region = $("region").value;
  const bucketName = `demonstration-chat-${region}`;
  const logGroupName = "/aws/vendedlogs/demonstration-chat";
  const ifMissing = (created) =>
    created.catch((error) => {
      if (!/^(BucketAlready|ResourceAlreadyExists)/.test(error.code)) throw error;
    });
  const place = `<LocationConstraint>${region}</LocationConstraint>`;
  const body = region === "us-east-1" ? undefined : `<CreateBucketConfiguration>${place}</CreateBucketConfiguration>`;
  await ifMissing(call("s3", "PUT", `/${bucketName}`, body));
  await ifMissing(target("logs", "Logs_20140328.CreateLogGroup", { logGroupName }));
  const create = (name, destinationConfiguration) =>
    ivschat("CreateLoggingConfiguration", { name, destinationConfiguration }).then(({ arn }) => arn);
  const archive = await create("archive", { s3: { bucketName } });
  const watch = await create("watch", { cloudWatchLogs: { logGroupName } });
  const parameters = { name: "demonstration", loggingConfigurationIdentifiers: [archive, watch] };
  await load((await ivschat("CreateRoom", parameters)).arn);
  document.querySelector("#rooms input").focus();
}

// Users

function chatOf(arn) {
  if (!chats.has(arn)) {
    const list = element("ol");
    const log = element("div", { role: "log", tabIndex: 0, ariaLabel: "Messages and events" }, list);
    log.setAttribute("aria-relevant", "additions");
    $("logs").append(log);
    chats.set(arn, { arn, log, list, entries: new Map(), users: [] });
  }
  return chats.get(arn);
}

const connected = (chat) => chat.users.filter(({ state }) => state === "connected");

const tokenParameters = () => ({
  roomIdentifier: room.arn,
  userId: $("user").value,
  capabilities: [...$("capabilities").querySelectorAll(":checked")].map(({ value }) => value),
  sessionDurationInMinutes: Number($("minutes").value),
  attributes: attributes("user-attributes"),
});

async function connect(chat, parameters) {
  const { token } = await ivschat("CreateChatToken", parameters);
  const id = parameters.userId;
  const socket = new WebSocket(location.origin.replace("http", "ws"), token);
  const user = { id, parameters, socket, state: "connecting", sent: new Map() };
  const change = (state, kind, text) => {
    user.state = state;
    add(chat, kind, new Date(), [`${id} ${text}`]);
    showUsers();
  };
  chat.users = [...chat.users.filter((other) => other.id !== id || other.state === "connected"), user];
  socket.onopen = () => change("connected", "note", "is connected.");
  socket.onmessage = ({ data }) => receive(chat, user, JSON.parse(data));
  socket.onclose = ({ code }) => {
    if (user.state === "connecting") change("refused", "error", "was refused. Browsers do not show the HTTP status.");
    else change("disconnected", "note", `is disconnected, close code ${code}.`);
  };
  await showUsers();
}

async function showUsers() {
  const chat = chats.get(room?.arn);
  if (!chat) return;
  const all = await request("/moto-api/ivschat/connections").then(parsed, () => ({ connections: [] }));
  if (chat.arn !== room?.arn) return;
  const inRoom = all.connections.filter(({ roomArn }) => roomArn === chat.arn);
  const here = connected(chat).map(({ id }) => id);
  const pending = chat.users.filter(({ state, isListed }) => state.startsWith("connect") && !isListed);
  for (const user of pending) {
    const last = inRoom.findLast(({ id, userId }) => userId === user.id && !own.has(id));
    if (last) own.add(last.id);
    user.isListed = Boolean(last);
  }
  const isPending = (id) => pending.some((user) => user.id === id && !user.isListed);
  const elsewhere = inRoom.filter(({ id, userId }) => !own.has(id) && !isPending(userId));
  const rows = [
    ...chat.users.map(({ id, state, parameters }) => [id, state, parameters.capabilities]),
    ...elsewhere.map(({ userId, capabilities }) => [userId, "connected by another client", capabilities]),
  ];
  // A list that is as it was keeps its elements, and with them the focus.
  const shown = JSON.stringify([chat.arn, rows]);
  if ($("users").dataset.shown === shown) return;
  $("users").dataset.shown = shown;
  const focused = document.activeElement.closest("#users button")?.ariaLabel;
  $("users").replaceChildren(...rows.map((row, index) => userRow(chat, chat.users[index], ...row)));
  if (focused) ($("users").querySelector(`[aria-label=${JSON.stringify(focused)}]`) || $("users-heading")).focus();
  options("sender", here.map((id) => [id, id]));
  options("moderator", [["Your backend (API)", ""], ...here.map((id) => [id, id])]);
  for (const field of $("send").elements) field.disabled = !here.length;
}

function userRow(chat, user, id, state, capabilities) {
  const shown = element("span", { className: `state ${state.split(" ")[0]}` }, state);
  const buttons = element("span", { className: "buttons" });
  if (user && state === "connected") buttons.append(button("Leave", `Leave as ${id}`, () => user.socket.close(1000)));
  if (state.startsWith("connected")) {
    const disconnect = () => moderate("DisconnectUser", "DISCONNECT_USER", "userId", id);
    buttons.append(button("Disconnect", `Disconnect ${id}`, disconnect));
  } else if (state !== "connecting") {
    buttons.append(button("Connect again", `Connect again as ${id}`, () => connect(chat, user.parameters)));
  }
  const small = element("small", {}, capabilities.join(", ") || "No capabilities");
  return element("li", {}, element("b", {}, id), shown, buttons, small);
}

// Messages and events

function send(user, Action, members) {
  const RequestId = `page-${++requests}`;
  user.sent.set(RequestId, members.Content);
  user.socket.send(JSON.stringify({ Action, RequestId, ...members }));
}

const userNamed = (id) => connected(chatOf(room.arn)).find((user) => user.id === id);

async function moderate(operation, action, member, value) {
  const reason = $("reason").value || undefined;
  const moderator = userNamed($("moderator").value);
  const Member = member[0].toUpperCase() + member.slice(1);
  if (moderator) send(moderator, action, { [Member]: value, Reason: reason });
  else await ivschat(operation, { roomIdentifier: room.arn, [member]: value, reason });
}

function add({ log, list }, className, moment, content, ...more) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const time = element("time", { dateTime: moment.toISOString() }, moment.toLocaleTimeString([], { hour12: false }));
  list.append(element("li", { className }, element("span", { className: "text" }, time, " ", ...content), ...more));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function receive(chat, user, frame) {
  const { Type, Id, Content, Sender, EventName, Attributes } = frame;
  if (Type === "ERROR") {
    const about = user.sent.get(frame.RequestId);
    const text = `Error ${frame.ErrorCode} for ${user.id}: ${frame.ErrorMessage}`;
    return add(chat, "error", new Date(), [text, about ? ` (message: ${about})` : ""]);
  }
  const known = chat.entries.get(Id);
  if (known) {
    known.receivers.push(user.id);
    known.small.textContent = `Received by ${known.receivers.join(", ")}`;
    return;
  }
  const small = element("small", {}, `Received by ${user.id}`);
  const given = Attributes ? [element("small", {}, ` ${pairs(Attributes)}`)] : [];
  const text = element("span", {}, Content);
  const remove = button("Delete", `Delete the message ${Content} of ${Sender?.UserId}`, () =>
    moderate("DeleteMessage", "DELETE_MESSAGE", "id", Id),
  );
  chat.entries.set(Id, { receivers: [user.id], small, text, remove });
  const moment = new Date(frame.SendTime);
  const who = element("b", {}, Sender?.UserId || EventName);
  if (Type === "MESSAGE") add(chat, "message", moment, [who, " ", text, ...given], small, remove);
  else add(chat, "event", moment, ["Event ", who, ...given], small);
  const deleted = EventName === "aws:DELETE_MESSAGE" && chat.entries.get(Attributes.MessageID);
  if (deleted) {
    if (document.activeElement === deleted.remove) chat.log.focus();
    deleted.remove.remove();
    deleted.text.replaceChildren(element("s", {}, deleted.text.textContent), " (deleted)");
  }
}

// Destinations

async function objects(bucket, prefix, isWanted = () => true) {
  const keys = [];
  let token;
  do {
    const query = new URLSearchParams({ "list-type": 2, prefix, ...(token && { "continuation-token": token }) });
    const text = await (await call("s3", "GET", `/${bucket}?${query}`)).text();
    const page = new DOMParser().parseFromString(text, "text/xml");
    keys.push(...[...page.querySelectorAll("Contents > Key")].map(({ textContent }) => textContent));
    token = page.querySelector("NextContinuationToken")?.textContent;
  } while (token);
  const read = async (key) => {
    const { body } = await call("s3", "GET", `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`);
    const stream = key.endsWith(".gz") ? body.pipeThrough(new DecompressionStream("gzip")) : body;
    return [key, (await new Response(stream).text()).trimEnd().split("\n")];
  };
  return Promise.all(keys.filter(isWanted).slice(-20).map(read));
}

async function records(configuration) {
  const { kind, name } = destination(configuration);
  const [, , , region, account, resource] = room.arn.split(":");
  const place = `room_${resource.split("/")[1]}`;
  if (kind === "s3") return objects(name, `AWSLogs/${account}/IVSChatLogs/1.0/${region}/${place}/`);
  if (kind === "cloudWatchLogs") {
    const logStreamName = `aws/IVSChatLogs/1.0/${place}`;
    const wanted = { logGroupName: name, logStreamNamePrefix: logStreamName };
    const { logStreams } = await target("logs", "Logs_20140328.DescribeLogStreams", wanted);
    if (!logStreams.length) return []; // The first record creates it.
    const { events } = await target("logs", "Logs_20140328.GetLogEvents", { logGroupName: name, logStreamName });
    return [[logStreamName, events.map(({ message }) => message)]];
  }
  const described = await target("firehose", "Firehose_20150804.DescribeDeliveryStream", { DeliveryStreamName: name });
  const [to] = described.DeliveryStreamDescription.Destinations;
  const s3 = to.ExtendedS3DestinationDescription || to.S3DestinationDescription;
  if (!s3) throw new Error("Only what a stream delivers to S3 can be shown.");
  return objects(s3.BucketARN.split(":").pop(), s3.Prefix || "", (key) => key.includes(`/${name}-`));
}

async function showRecords(configuration) {
  const heading = element("h3", {}, `${configuration.name || configuration.arn}: ${destination(configuration).title}`);
  const found = await records(configuration).catch((error) => [[error.message, []]]);
  const shown = found.flatMap(([place, lines]) => {
    const items = lines.map((line) => element("li", {}, element("code", {}, line)));
    const list = element("ol", { className: "records", tabIndex: 0, ariaLabel: `Records in ${place}` }, ...items);
    return [element("code", {}, place), ...(items.length ? [list] : [])];
  });
  return [heading, ...(shown.length ? shown : [element("p", { className: "soft" }, "No records yet.")])];
}

async function show() {
  const shown = await Promise.all(configurations.map(showRecords));
  if (!shown.length) shown.push(["The room has no logging configurations."]);
  $("destinations").replaceChildren(...shown.flat());
}

async function flush() {
  const written = await parsed(await request("/moto-api/ivschat/flush-logs", { method: "POST", body: "{}" }));
  $("flushed").textContent = `Records written: ${written.records}`;
  await show();
}

// Start

function on(id, type, action) {
  $(id).addEventListener(type, (event) => {
    event.preventDefault();
    attempt(action);
  });
}

on("region", "change", () => load());
on("refresh", "click", () => load(room?.arn));
on("rooms", "change", () => choose(document.querySelector("#rooms :checked").value));
on("demonstration", "click", createDemonstration);
on("connect", "submit", async () => {
  const chat = chatOf(room.arn);
  const parameters = tokenParameters();
  const taken = [parameters.userId, ...chat.users.map(({ id }) => id)];
  const next = ["ann", "bob", "carla"].find((id) => !taken.includes(id)) || "";
  $("user").value = next; // At once: later, somebody may be typing there.
  await connect(chat, parameters).catch((error) => {
    if ($("user").value === next) $("user").value = parameters.userId;
    throw error;
  });
});
on("token-only", "click", async () => {
  const { token } = await ivschat("CreateChatToken", tokenParameters());
  $("token").replaceChildren("Connects one client to this room within a minute: ", element("code", {}, token));
});
on("send", "submit", () => {
  const members = { Content: $("content").value, Attributes: attributes("message-attributes") };
  send(userNamed($("sender").value), "SEND_MESSAGE", members);
  $("content").value = "";
});
on("event", "submit", () => {
  const event = { eventName: $("event-name").value, attributes: attributes("event-attributes") };
  return ivschat("SendEvent", { roomIdentifier: room.arn, ...event });
});
on("skip", "click", () => $("chat").focus());
on("flush", "click", flush);
on("show", "click", show);
const start = new URLSearchParams(location.hash.slice(1));
if (start.get("region")) $("region").value = start.get("region");
attempt(() => load(start.get("room")));
setInterval(() => document.hidden || showUsers(), 2000);
