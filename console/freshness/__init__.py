"""What moved in the tables, read at most a second ago, and what is remembered until it does."""
