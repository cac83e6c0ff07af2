// Element's own client library, in its strictest mode, driven by JSON lines.
// First line in: {url, user_id, device_id, access_token}. Then {join: room} or {send: {room_id, content}}.
// Lines out: {ready: true}, {joined: room}, {sent: event_id}, and one for every event of a timeline, once decrypted.
import readline from "node:readline";

Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
    return { promise, resolve, reject };
};
for (const name of ["log", "info", "debug", "warn", "trace"]) console[name] = () => {};

const sdk = await import("matrix-js-sdk");
const { OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const login = JSON.parse((await lines.next()).value);

const client = sdk.createClient({
    baseUrl: login.url, userId: login.user_id, deviceId: login.device_id, accessToken: login.access_token,
});
await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
await crypto.bootstrapCrossSigning({
    setupNewCrossSigning: true,
    authUploadDeviceSigningKeys: async (makeRequest) => { await makeRequest(null); },
});

const tell = async (event) => {
    if (event.isState() || event.isBeingDecrypted()) return;
    const info = event.isEncrypted() && !event.isDecryptionFailure()
        ? await crypto.getEncryptionInfoForEvent(event) : null;
    say({
        event_id: event.getId(), sender: event.getSender(), type: event.getType(), content: event.getContent(),
        failed: event.isDecryptionFailure() ? String(event.decryptionFailureReason) : null,
        shield: info?.shieldColour ?? null, shield_reason: info?.shieldReason ?? null,
    });
};
client.on(sdk.RoomEvent.Timeline, (event) => { if (!event.isEncrypted()) tell(event); });
client.on(sdk.MatrixEventEvent.Decrypted, tell);

await client.startClient({ initialSyncLimit: 50 });
await new Promise((done) => client.on(sdk.ClientEvent.Sync, (state) => { if (state === "PREPARED") done(); }));
say({ ready: true });

for await (const line of lines) {
    const command = JSON.parse(line);
    if (command.join) {
        await client.joinRoom(command.join);
        say({ joined: command.join });
    } else if (command.send) {
        const { event_id } = await client.sendEvent(command.send.room_id, "m.room.message", command.send.content);
        say({ sent: event_id });
    }
}
process.exit(0);
