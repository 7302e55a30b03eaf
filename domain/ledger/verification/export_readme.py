"""The text that an export carries: how an outsider checks it with nothing of ours. The tests run what it says."""

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
    origin, size, told = open(file, encoding="utf-8").read().split("\\n")[:3]
    assert int(size) <= len(leaves), f"{file} is of more leaves: some were taken away"
    assert base64.b64decode(told) == root(leaves[:int(size)]), f"{file}: entries were altered"
    print(f"{file}: its {size} leaves are these entries")
"""

_INTRODUCTION: Final = """\
AN EXPORT OF A LEMTRADA AUTHORIZATION LEDGER

It can be checked with nothing of the ledger's own. What the files are follows published formats:
Merkle tree RFC 6962; checkpoints C2SP signed-note and tlog-checkpoint (Ed25519); hash tiles C2SP
tlog-tiles; proofs of inclusion C2SP tlog-proof; proofs of consistency as C2SP tlog-witness writes them.

"""

_COMMON_FILES: Final = """\
  checkpoint      origin, number of leaves and root of the tree, signed
  vkey            the keys that sign checkpoints, the newest first. TAKE THE KEY FROM SOMEWHERE ELSE:
                  one that comes with what it signs proves nothing
  checkpoints/    every earlier checkpoint (1.note, 2.note ...), each with the proof that the next one,
                  and after the last of them `checkpoint`, only adds to it
  editions/       each edition of the policy in outline. The SHA-256 of a .json file is the edition's digest,
                  which each determination names; the .txt beside it is for people and is not covered by it
  SHA256SUMS      sums of all files: `sha256sum -c SHA256SUMS`. It finds what broke on the way. It is no proof,
                  for whoever alters a file can write it anew
"""

ABOUT_A_LEDGER: Final = f"""\
{_INTRODUCTION}THE FILES

  entries.jsonl   every event in the order of the log, one a line: its leaf number, its history, its version
                  there, its topic, and its state: the exact JSON that was stored
  tile/           the hashes of the tree: tile/<level>/<number>
  accesses.jsonl  the rows of the access log. SHA-256 over the `row` texts of a batch, each with a newline,
                  is in the AccessesRecorded event of that register
{_COMMON_FILES}
1. THE SIGNATURE, with OpenSSL. Save this as signature.py elsewhere, run `python3 signature.py THIS_FOLDER` there, and
   ask OpenSSL:

{CHECK_THE_SIGNATURE}
{ASK_OPENSSL}
2. THE ENTRIES, with Python alone. Save this as tree.py, run `python3 tree.py THIS_FOLDER [CHECKPOINT ...]`. Name
   checkpoints that you kept from before: that their trees are beginnings of this one is what shows that nothing
   was rewritten.

{CHECK_THE_TREE}
3. WHAT THE EVENTS MEAN is checked by `lemtrada-ledger verify DIR --key VKEY --checkpoint FILE`: it judges every
   determination again under its edition. Without a key and a checkpoint from somewhere else whatever checks this
   folder can only say that it agrees with itself: whoever can write a ledger could write another one whole.
"""

ABOUT_A_HISTORY: Final = f"""\
{_INTRODUCTION}THIS IS ONE HISTORY, not a whole ledger. It holds no other patient's data; where the history says that
another one is of the same person, that one's random id stands in it, for it is part of what was recorded.

THE FILES

  entries.jsonl   every event of the history, one a line: its leaf number in the ledger's tree, the history's id,
                  its version, its topic, and its state: the exact JSON that was stored
  proofs/         for each event, by its version, the proof that it is in the tree of `checkpoint`
{_COMMON_FILES}
1. THE SIGNATURE, with OpenSSL. Save this as signature.py elsewhere, run `python3 signature.py THIS_FOLDER` there, and
   ask OpenSSL:

{CHECK_THE_SIGNATURE}
{ASK_OPENSSL}
2. THE ENTRIES AND THEIR PROOFS, and what the events mean: `lemtrada-ledger verify DIR --key VKEY`, or any program
   that reads C2SP tlog-proof. The entry of a proof is this text, whose leaf hash is SHA-256 of a zero byte and it:
   "lemtrada-ledger/event/v1", stream, version, topic, an empty line, each ended by a newline, and then the state.

   Proofs show that each event is in the tree. That no later event of this history was left out they do not show:
   for that ask for an export of the whole ledger.
"""
