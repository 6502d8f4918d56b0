"""What every page shares: the request as htmx sends it, the answer, the policy of its content, its parts."""
