"""What every kind of change shares: its rows, whose answer it takes, and how an answer is signed."""
