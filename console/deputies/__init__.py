"""Deputies: who answers for whom, and until when; and who is away."""
