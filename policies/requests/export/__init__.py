"""A case as one file that proves itself without a network: made, verified and shown as a page.

The file is a ZIP archive with no free byte in it (`container`): members in one order, stored uncompressed,
one time, no comment, no extra field, so that the same members make the same bytes. A reader takes the members
out, makes the archive anew and compares. ZIP, because whoever has nothing of ours can still open it.

What proves what, from the inside out:

- `manifest.json` is signed by the network's root, which the reader has pinned or is given.
- `attestations/` are signed by regional authorities, `messages/` that hold by an organ's key or by an
  attested answer key. Of a message that holds the file keeps only what its one signature binds: the object,
  and the text by its hash. They prove themselves, whoever has made the export.
- `attachments/` hang on the hashes that signed answers, or the request, give.
- `index.json` lists every member with its hash. Only what no signer can say stands in it and in the frames
  of the messages: when and under which id a message came, who posted it, what was refused, that nothing is
  left out. The exporter says that, and signs it with the organ's key or the attested answer key; without such
  a key the index is unsigned, and the verdict names all of it as nobody's word.

So a changed byte breaks the archive's form, a hash, or a signature; one that is changed together with all the
hashes above it breaks a signature, unless it is in what an unsigned index says, and that is said so.
Whatever follows from the messages, as the state of the case, is not in the file: it is reduced anew.
"""
