"""The README of an export: how to check it without the ledger's own software. The tests run its instructions."""

from __future__ import annotations

from typing import Final

CHECK_THE_SIGNATURE: Final = """\
import base64, sys
text, _, signatures = open(sys.argv[1] + "/checkpoint", "rb").read().rpartition(b"\\n\\n")
name, key_id, key = open(sys.argv[1] + "/vkey").readline().strip().split("+", 2)
found = [base64.b64decode(line.split(b" ")[2]) for line in signatures.splitlines()]
signature = next(one[4:] for one in found if one[:4].hex() == key_id)
open("checkpoint.text", "wb").write(text + b"\\n")
open("checkpoint.signature", "wb").write(signature)
open("vkey.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key)[1:])
"""

ASK_OPENSSL: Final = """\
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey vkey.der \\
    -in checkpoint.text -sigfile checkpoint.signature
"""

CHECK_THE_TREE: Final = """\
import base64, hashlib, json, sys

def sha(data):
    return hashlib.sha256(data).digest()

def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\\1" + root(leaves[:half]) + root(leaves[half:]))

leaves, versions = [], {}
for number, line in enumerate(open(sys.argv[1] + "/entries.jsonl", encoding="utf-8", newline="\\n")):
    event = json.loads(line)
    assert event["leaf"] == number, f"leaf {number} is missing"
    assert event["version"] == versions.get(event["stream"], 0) + 1, f"a version is missing before leaf {number}"
    versions[event["stream"]] = event["version"]
    entry = "lemtrada-ledger/event/v1\\n{stream}\\n{version}\\n{topic}\\n\\n{state}".format(**event)
    leaves.append(sha(b"\\0" + entry.encode()))

for file in [sys.argv[1] + "/checkpoint", *sys.argv[2:]]:
    origin, size, root_stated = open(file, encoding="utf-8").read().split("\\n")[:3]
    assert int(size) <= len(leaves), f"{file} covers more leaves: entries were removed"
    assert base64.b64decode(root_stated) == root(leaves[:int(size)]), f"{file}: entries were altered"
    print(f"{file}: its {size} leaves are these entries")
"""

_INTRODUCTION: Final = """\
AN EXPORT OF A LEMTRADA AUTHORIZATION LEDGER

You can check this export without the ledger's own software. The files follow published formats:
Merkle tree: RFC 6962. Checkpoints: C2SP signed-note and tlog-checkpoint (Ed25519). Hash tiles: C2SP
tlog-tiles. Inclusion proofs: C2SP tlog-proof. Consistency proofs: C2SP tlog-witness.

"""

_COMMON_FILES: Final = """\
  checkpoint      the origin, the number of leaves and the root of the tree, signed
  vkey            the keys that sign checkpoints, newest first. USE A KEY FROM AN INDEPENDENT SOURCE:
                  a key that comes with the data that it signs proves nothing
  checkpoints/    every earlier checkpoint (1.note, 2.note ...), each with the proof that the next checkpoint
                  (after the last one: `checkpoint`) only adds to it
  editions/       the outline of each policy version. The SHA-256 of a .json file is the digest of the policy
                  version, which each determination names. The .txt file is for readers and has no digest
  SHA256SUMS      the checksums of all files: `sha256sum -c SHA256SUMS`. They detect damage in transit. They are
                  not a proof, because anyone who changes a file can also change its checksum
"""

ABOUT_A_LEDGER: Final = f"""\
{_INTRODUCTION}THE FILES

  entries.jsonl   every event in the order of the log, one on each line: its leaf number, its history, its version
                  in the history, its topic, and its state: the exact JSON that was stored
  tile/           the hashes of the tree: tile/<level>/<number>
  accesses.jsonl  the rows of the access log. The AccessesRecorded event of a register has the SHA-256 of the
                  `row` texts of a batch, each with a newline
{_COMMON_FILES}
1. THE SIGNATURE, with OpenSSL. Save this text as signature.py in another folder, run
   `python3 signature.py THIS_FOLDER` there, and then run OpenSSL:

{CHECK_THE_SIGNATURE}
{ASK_OPENSSL}
2. THE ENTRIES, with Python. Save this text as tree.py, and run `python3 tree.py THIS_FOLDER [CHECKPOINT ...]`. Give
   checkpoints that you kept from earlier exports. Nothing was rewritten if this tree starts with their trees.

{CHECK_THE_TREE}
3. THE MEANING OF THE EVENTS, with `lemtrada-ledger verify DIR --key VKEY --checkpoint FILE`. The command re-evaluates
   every determination under its policy version. Without an independently kept key and checkpoint, a check shows only
   that this folder is consistent with itself: anyone who can write a ledger could have rebuilt the whole log.
"""

ABOUT_A_HISTORY: Final = f"""\
{_INTRODUCTION}THIS IS ONE HISTORY, not a whole ledger. It contains no data of other patients. If the history is
linked with another history of the same person, it contains the random id of that history.

THE FILES

  entries.jsonl   every event of the history, one on each line: its leaf number in the ledger's tree, the id of the
                  history, its version, its topic, and its state: the exact JSON that was stored
  proofs/         for each event, by its version, the proof that it is in the tree of `checkpoint`
{_COMMON_FILES}
1. THE SIGNATURE, with OpenSSL. Save this text as signature.py in another folder, run
   `python3 signature.py THIS_FOLDER` there, and then run OpenSSL:

{CHECK_THE_SIGNATURE}
{ASK_OPENSSL}
2. THE ENTRIES AND THEIR PROOFS, and the meaning of the events: `lemtrada-ledger verify DIR --key VKEY`, or any program
   that reads C2SP tlog-proof. The entry of a proof is the following text: "lemtrada-ledger/event/v1", stream, version,
   topic and an empty line, each with a newline, and then the state. Its leaf hash is the SHA-256 of a zero byte and
   this text.

   Proofs show that each event is in the tree. They do not show that no later event of this history is missing. For
   that, use an export of the whole ledger.
"""
