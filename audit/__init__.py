"""What happened: events, their canonical records, the tamper-evident log and its followers."""
