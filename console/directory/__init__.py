"""The directory people come from: compared with our tables, applied, and its events taken into the log."""
