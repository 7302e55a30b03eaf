"""The signer and the sealing of the tests of the ledger, for the thread that seals while the server serves."""

from tests.ledger.sealing.conftest import folder, lose_the_newest, new_sealing, sealing

__all__ = ["folder", "lose_the_newest", "new_sealing", "sealing"]
