from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from client.session.attachments.encrypted_file import FileKey, read_encrypted_file
from client.session.attachments.file_cipher import FileDecryption, FileEncryption
from tests.client.session.attachments.format import COUNTER, KEY, opened, sealed

PIECES = (b"", b"a", b"the statement of a witness", bytes(4096), b"\xff" * 100_003)


def test_the_published_vector_of_counter_mode_is_met() -> None:
    """NIST SP 800-38A, F.5.6: the four blocks of CTR-AES256 decrypt, cut wherever the pieces are."""
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    counter = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    ciphertext = bytes.fromhex(
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"
    )
    plaintext = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    for cut in range(len(ciphertext)):
        decryption = FileDecryption(FileKey(key=key, counter=counter, sha256=b""))
        assert decryption.decrypt(ciphertext[:cut]) + decryption.decrypt(ciphertext[cut:]) == plaintext


def test_what_we_encrypt_opens_as_the_specification_says() -> None:
    """Members and bytes are those of an independent reading; a key and a counter serve one file only."""
    encryption, other = FileEncryption(), FileEncryption()
    ciphertext = b"".join(encryption.encrypt(piece) for piece in PIECES)
    file: Any = encryption.file_key().content()
    assert opened(ciphertext, file) == b"".join(PIECES)
    unlike: Any = other.file_key().content()
    assert file["key"]["k"] != unlike["key"]["k"]
    assert file["iv"] != unlike["iv"]


def test_the_key_is_written_in_the_alphabet_of_urls() -> None:
    """RFC 7515: where standard Base64 would have + and /, a JSON Web Key has - and _, and no padding."""
    file: Any = FileKey(key=b"\xfb\xff" * 16, counter=COUNTER, sha256=bytes(32)).content()
    assert file["key"]["k"] == "-__7__v_" * 5 + "-_8"
    assert read_encrypted_file({**file, "url": "mxc://a.test/media"}).key == b"\xfb\xff" * 16


def test_what_another_encrypted_is_read() -> None:
    """A file of the independent writer decrypts, with Base64 padded too, and its secrets are in no repr."""
    plaintext = b"".join(PIECES)
    ciphertext, file = sealed(plaintext)
    padded = copy.deepcopy(file)
    padded["iv"] += "=="
    padded["key"]["k"] += "="
    padded["hashes"]["sha256"] += "="
    for each in (file, padded):
        read = read_encrypted_file(each)
        assert (read.address.server, read.address.media_id, read.key, read.counter) == (
            "a.test",
            "media0",
            KEY,
            COUNTER,
        )
        assert FileDecryption(read).decrypt(ciphertext) == plaintext
        assert repr(KEY)[5:-1] not in repr(read)


def put(*path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        for name in path[:-1]:
            file = file[name]
        file[path[-1]] = value

    return change


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        for name in path[:-1]:
            file = file[name]
        del file[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (put("v", value="v1"), "`file.v`: Invalid enum value 'v1'"),
        (put("v", value=2), "`file.v`"),
        (drop("v"), "`file`: .*`v`"),
        (drop("url"), "`file`: .*`url`"),
        (put("url", value=["mxc://a/b"]), "`file.url`"),
        (drop("key"), "`file`: .*`key`"),
        (put("key", value="AAAA"), "`file.key`"),
        (drop("key", "k"), "`file.key`: .*`k`"),
        (put("key", "k", value="AAAA"), "`file.key.k`: It has 3 bytes and must have 32"),
        (put("key", "k", value="A" * 44), "`file.key.k`: It has 33 bytes and must have 32"),
        (put("key", "k", value="?" * 43), "`file.key.k`: It is not Base64"),
        (put("key", "k", value=None), "`file.key.k`"),
        (put("key", "alg", value="A128CTR"), "`file.key.alg`"),
        (put("key", "kty", value="RSA"), "`file.key.kty`"),
        (put("iv", value="AAAA"), "`file.iv`: It has 3 bytes and must have 16"),
        (put("iv", value=7), "`file.iv`"),
        (drop("hashes", "sha256"), "`file.hashes`: .*`sha256`"),
        (put("hashes", value={"md5": "AAAA"}), "`file.hashes`: .*`sha256`"),
        (put("hashes", "sha256", value="AAAA"), "`file.hashes.sha256`: It has 3 bytes and must have 32"),
        *(
            (put("url", value=url), "`file.url`: It is no mxc")
            for url in (
                "https://a.test/media",
                "mxc://a.test",
                "mxc://a.test/",
                "mxc:///media",
                "mxc://../media",
                "mxc://a.test/..",
                "mxc://a.test/../../../client/v3/logout",
                "mxc://a.test/media?x=y",
                "mxc://a.test/media\n",
                "mxc://a.test/" + "m" * 300,
            )
        ),
    ],
)
def test_a_garbled_file_is_refused_by_the_name_of_its_field(
    change: Callable[[dict[str, Any]], None], named: str
) -> None:
    """Whatever is missing, of another type, length or version is named, with what is wrong."""
    _, file = sealed(b"x")
    change(file)
    with pytest.raises(ValueError, match=named):
        read_encrypted_file(file)


@pytest.mark.parametrize("file", [None, [], "mxc://a.test/media", 5])
def test_a_file_that_is_no_object_is_refused(file: Any) -> None:
    """The member itself is named."""
    with pytest.raises(ValueError, match="`file`: Expected `object`"):
        read_encrypted_file(file)
