// Element's own client library on one account's recovery, driven by JSON lines.
// First line in: {url, user_id, device_id, access_token} with recovery_key, to come back with it, or without,
// to set recovery up. Lines out: {recovery_key} (set up) or {identity, signed, backup, imported} (come back),
// then {ready: true}; after that {read: room_id} answers with {events: [{body, failed}]}, decrypted.
import readline from "node:readline";

Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
    return { promise, resolve, reject };
};
for (const name of ["log", "info", "debug", "warn", "trace"]) console[name] = () => {};

const sdk = await import("matrix-js-sdk");
const { decodeRecoveryKey } = await import("matrix-js-sdk/lib/crypto-api/recovery-key.js");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const login = JSON.parse((await lines.next()).value);
let key = login.recovery_key ? decodeRecoveryKey(login.recovery_key) : null;

const client = sdk.createClient({
    baseUrl: login.url, userId: login.user_id, deviceId: login.device_id, accessToken: login.access_token,
    cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => {
            for (const [id, info] of Object.entries(keys)) {
                if (await client.secretStorage.checkKey(key, info)) return [id, key];
            }
            return null;
        },
        cacheSecretStorageKey: (id, info, made) => { key = made; },
    },
});
await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
await client.startClient({ initialSyncLimit: 50 });
await new Promise((done) => client.on(sdk.ClientEvent.Sync, (state) => { if (state === "PREPARED") done(); }));

if (login.recovery_key) {
    await crypto.userHasCrossSigningKeys(login.user_id, true);  // what to compare the secrets with
    await crypto.bootstrapCrossSigning({});
    await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    const check = await crypto.checkKeyBackupAndEnable();
    const restored = await crypto.restoreKeyBackup();
    // Its own signature reaches it through the server: a sync names the device, a query brings it.
    const own = () => crypto.getDeviceVerificationStatus(login.user_id, login.device_id);
    let device = await own();
    for (const end = Date.now() + 30_000; !device.signedByOwner && Date.now() < end; device = await own())
        await new Promise((next) => setTimeout(next, 50));
    const identity = await crypto.getUserVerificationStatus(login.user_id);
    say({
        identity: identity.isCrossSigningVerified(), signed: device.signedByOwner,
        backup: check.trustInfo, imported: restored.imported,
    });
} else {
    await crypto.bootstrapCrossSigning({
        setupNewCrossSigning: true,
        authUploadDeviceSigningKeys: async (makeRequest) => { await makeRequest(null); },
    });
    let made = null;
    await crypto.bootstrapSecretStorage({
        createSecretStorageKey: async () => (made = await crypto.createRecoveryKeyFromPassphrase(login.passphrase)),
        setupNewSecretStorage: true, setupNewKeyBackup: true,
    });
    say({ recovery_key: made.encodedPrivateKey });
}
say({ ready: true });

for await (const line of lines) {
    const command = JSON.parse(line);
    if (command.read) {
        const events = client.getRoom(command.read).getLiveTimeline().getEvents();
        for (const event of events) await client.decryptEventIfNeeded(event);
        say({
            events: events.filter((event) => event.isEncrypted()).map((event) => ({
                body: event.getContent().body ?? null, failed: event.isDecryptionFailure(),
            })),
        });
    } else if (command.join) {
        await client.joinRoom(command.join);
        say({ joined: command.join });
    } else if (command.send) {
        const { event_id } = await client.sendEvent(command.send.room_id, "m.room.message", command.send.content);
        say({ sent: event_id });
    } else if (command.backed_up) {
        const url = login.url + "/_matrix/client/v3/room_keys/version";
        const headers = { Authorization: `Bearer ${login.access_token}` };
        const count = async () => (await (await fetch(url, { headers })).json()).count;
        while (await count() < command.backed_up) await new Promise((next) => setTimeout(next, 100));
        say({ backed_up: await count() });
    }
}
process.exit(0);
