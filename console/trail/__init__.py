"""The trail: what the log is asked, what it answers, and how an answer is proven to a stranger."""
