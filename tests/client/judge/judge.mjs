// Element's own client library, in its strictest mode, driven by JSON lines.
// First line in: {url, user_id, device_id, access_token, later_device: has the account an identity already?}.
// Then {join: room}, {scroll_back: room: fetch what was before the join}, {send: {room_id, content}};
// for verifications {verify_user: {user_id, room_id}}, {verify_own: true}, {confirm: true}, {mismatch: true},
// {trust: {user_id, device_id}}; for files {download: content of a message}, which answers
// {downloaded: {size, sha256} or null: it did not decrypt}, and {upload: {room_id, text, times, filename}}, which
// answers {uploaded: event_id, sha256}.
// Lines out: {ready: true}, {joined: room}, {sent: event_id}, and one for every event of a timeline, once decrypted;
// {verification: asked | sas | done | cancelled}, {user_verified, device_signed}.
import { createHash } from "node:crypto";
import readline from "node:readline";

Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
    return { promise, resolve, reject };
};
for (const name of ["log", "info", "debug", "warn", "trace"]) console[name] = () => {};

const sdk = await import("matrix-js-sdk");
const { OnlySignedDevicesIsolationMode, VerificationPhase } = await import("matrix-js-sdk/lib/crypto-api/index.js");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const login = JSON.parse((await lines.next()).value);

const client = sdk.createClient({
    baseUrl: login.url, userId: login.user_id, deviceId: login.device_id, accessToken: login.access_token,
});
await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
if (!login.later_device) await crypto.bootstrapCrossSigning({
    setupNewCrossSigning: true,
    authUploadDeviceSigningKeys: async (makeRequest) => { await makeRequest(null); },
});

const sha256 = (data) => createHash("sha256").update(Buffer.from(data)).digest("hex");
const fetched = async (mxc) => {
    const url = client.mxcUrlToHttp(mxc, undefined, undefined, undefined, false, true, true);
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${login.access_token}` } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return await answer.arrayBuffer();
};
const downloaded = async (content) => {
    const { decryptAttachment } = await import("matrix-encrypt-attachment");
    try {
        const data = await decryptAttachment(await fetched(content.file.url), content.file);
        return { size: data.byteLength, sha256: sha256(data) };
    } catch {
        return null;
    }
};
const uploaded = async ({ room_id, text, times, filename }) => {
    const { encryptAttachment } = await import("matrix-encrypt-attachment");
    const plain = new Uint8Array(Buffer.from(text.repeat(times)));
    const { data, info } = await encryptAttachment(plain);
    const { content_uri } = await client.uploadContent(Buffer.from(data), {
        type: "application/octet-stream", includeFilename: false,
    });
    const { event_id } = await client.sendEvent(room_id, "m.room.message", {
        msgtype: "m.file", body: filename, filename, file: { ...info, url: content_uri },
        info: { size: plain.byteLength, mimetype: "text/plain" },
    });
    return { uploaded: event_id, sha256: sha256(plain) };
};

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

let shown = null;
const followVerifier = (verifier) => {
    verifier.on("show_sas", (sas) => {
        shown = sas;
        say({ verification: "sas", emoji: sas.sas.emoji, decimals: sas.sas.decimal });
    });
    verifier.verify().catch(() => {});
};
const follow = (request, start) => {
    let verifier = null, ended = false;
    const look = async () => {
        if (request.phase === VerificationPhase.Ready && start) {
            start = false;
            await request.startVerification("m.sas.v1");
        }
        if (request.verifier && !verifier) followVerifier(verifier = request.verifier);
        if (!ended && request.phase === VerificationPhase.Done) say({ verification: "done" });
        if (!ended && request.phase === VerificationPhase.Cancelled)
            say({ verification: "cancelled", code: request.cancellationCode });
        ended ||= [VerificationPhase.Done, VerificationPhase.Cancelled].includes(request.phase);
    };
    request.on("change", look);
    look();
};
client.on("crypto.verificationRequestReceived", async (request) => {
    say({ verification: "asked", user_id: request.otherUserId });
    follow(request, false);
    await request.accept();
});

await client.startClient({ initialSyncLimit: 50 });
await new Promise((done) => client.on(sdk.ClientEvent.Sync, (state) => { if (state === "PREPARED") done(); }));
say({ ready: true });

for await (const line of lines) {
    const command = JSON.parse(line);
    if (command.join) {
        await client.joinRoom(command.join);
        say({ joined: command.join });
    } else if (command.scroll_back) {
        while (client.getRoom(command.scroll_back)?.getMyMembership() !== "join")
            await new Promise((next) => setTimeout(next, 50));
        await client.scrollback(client.getRoom(command.scroll_back), 50);
        say({ scrolled_back: command.scroll_back });
    } else if (command.send) {
        const { event_id } = await client.sendEvent(command.send.room_id, "m.room.message", command.send.content);
        say({ sent: event_id });
    } else if (command.download) {
        say({ downloaded: await downloaded(command.download) });
    } else if (command.upload) {
        say(await uploaded(command.upload));
    } else if (command.verify_user) {
        follow(await crypto.requestVerificationDM(command.verify_user.user_id, command.verify_user.room_id), true);
    } else if (command.verify_own) {
        follow(await crypto.requestOwnUserVerification(), true);
    } else if (command.confirm) {
        await shown.confirm();
    } else if (command.mismatch) {
        shown.mismatch();
    } else if (command.trust) {
        const { user_id, device_id } = command.trust;
        await crypto.getUserDeviceInfo([user_id], true);
        const user = await crypto.getUserVerificationStatus(user_id);
        const device = await crypto.getDeviceVerificationStatus(user_id, device_id);
        say({ user_verified: user.isCrossSigningVerified(), device_signed: device?.signedByOwner ?? null });
    }
}
process.exit(0);
