"""The provable ledger: a Merkle tree over the feed of a world, signed heads, receipts that an outsider can check."""
