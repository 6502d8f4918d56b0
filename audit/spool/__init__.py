"""A gateway process's own durable file of calls, read by the one worker."""
