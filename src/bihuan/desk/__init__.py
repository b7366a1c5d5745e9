"""The Django shell around the kernel: storage, the one write path, the feed and what follows it."""
